"""Fields and events: the words that speak for what a text is about and for what happens in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache, partial
from typing import Final

import Stemmer

from graphmem.kernels.text import words

TOPICS: Final[Mapping[str, str]] = {
    "film and television": """film movie actor actress director screenplay cinema television sitcom
        episode documentary box-office filmmaker starring animated drama thriller""",
    "music": """music song album band singer guitar piano concert composer orchestra opera lyric
        rapper symphony jazz musician melody tour chart violin drummer""",
    "literature": """novel book author poem poet writer fiction publisher essay story literary
        playwright memoir poetry library reading""",
    "art": "painting painter sculpture artist gallery museum portrait drawing exhibition pottery",
    "sport": """team football player league match championship basketball tournament coach olympic
        soccer baseball cricket race athlete goal season stadium hockey tennis marathon""",
    "politics": """president minister election parliament senator party government vote policy
        congress politician mayor governor campaign democratic republican legislation""",
    "war": """war battle army military soldier troop navy invasion siege regiment weapon general
        bomb squadron combat treaty""",
    "history": "king queen emperor dynasty century medieval ancient empire reign throne duke noble",
    "religion": """church bishop god religious saint monastery temple pope christian muslim jewish
        buddhist faith prayer cathedral theology""",
    "geography": """river mountain lake island county village municipality population district
        coast valley region province census town border kilometre mile""",
    "nature": """species animal plant bird forest fish tree flower wildlife ecosystem dog cat pet
        garden nature insect""",
    "science": """physics chemistry scientist research theory experiment laboratory biology molecule
        astronomy mathematics equation telescope particle gene quantum""",
    "technology": """software computer internet app code programming data robot device engineer
        algorithm server website machine phone turbine""",
    "business": """company business market firm investor startup sale product bank profit revenue
        corporation customer brand merger economy trade chief-executive""",
    "education": """school university student college teacher professor degree graduate course exam
        class education campus study""",
    "health": """doctor hospital patient disease medical health treatment surgery therapy medicine
        nurse mental symptom anxiety counseling illness""",
    "law": "court judge lawyer law trial crime criminal police prison attorney verdict legal",
    "family": """mother father wife husband son daughter married family child parent sister
        brother wedding marriage baby kid grandmother divorce""",
    "food": """food restaurant recipe cook meal dish chef cuisine bake cake dinner breakfast wine
        cheese kitchen lunch""",
    "travel": """travel trip hotel flight airport tourist vacation holiday beach camping hike
        journey passport train roadtrip""",
    "work": "job work career colleague office boss interview project salary promotion meeting hire",
    "transport": "railway station airline aircraft ship road bridge highway bus locomotive harbour",
}
"""Words that speak for a field; two different ones must occur."""

EVENTS: Final[Mapping[str, str]] = {
    "birth": "born birth",
    "death": "die died death killed kill murder executed perish assassinate",
    "marriage": "marry married wed divorce engaged",
    "family": "raise adopt parent",
    "education": "study studied graduate attend enroll educate learn teach taught",
    "employment": "work hire employ resign retire fire promote join serve",
    "founding": "found founded establish create form launch start incorporate",
    "creation": """write wrote written direct compose produce paint design record build built film
        develop invent author""",
    "publication": "publish release issue premiere air broadcast debut",
    "performance": "star play perform sing sang act appear portray voice",
    "movement": "go went gone move travel visit arrive leave left return come came flee emigrate",
    "residence": "live reside settle stay dwell",
    "communication": "say said tell told speak spoke announce write call ask declare discuss",
    "meeting": "meet met meeting encounter gather",
    "award": "win won award receive nominate earn honor honour",
    "competition": "compete beat defeat lose lost score finish race",
    "appointment": "elect appoint name nominate become inaugurate crown succeed",
    "conflict": "fight fought attack invade bomb capture battle occupy siege",
    "transaction": "buy bought sell sold acquire purchase merge trade pay paid donate",
    "discovery": "discover find found identify observe detect",
    "location": "locate situate lie border",
    "membership": "belong member include comprise consist",
}
"""Verbs by what happens; a verb may stand for two."""


def event_types(predicates: Iterable[str]) -> tuple[str, ...]:
    """Classes of the predicates' verbs, sorted."""
    stems = {stem(word) for predicate in predicates for word in words(predicate)}
    return tuple(sorted({name for found in stems for name in events_by_stem().get(found, ())}))


@lru_cache(maxsize=1 << 15)
def stem(word: str) -> str:
    """The stem of a folded English word."""
    # A stemmer is not for several threads, and making one takes 10 us.
    stemmed: str = Stemmer.Stemmer("english", 0).stemWord(word)
    return stemmed


def _by_stem(lexicon: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    """The names under which each stem of a lexicon is listed."""
    found: dict[str, tuple[str, ...]] = {}
    for name, listed in lexicon.items():
        for key in dict.fromkeys(map(stem, listed.split())):
            found[key] = (*found.get(key, ()), name)
    return found


fields_by_stem = cache(partial(_by_stem, TOPICS))
events_by_stem = cache(partial(_by_stem, EVENTS))
