"""What a question seeks among documents: what the passage is about that it leads to, and what has
to stand there for an answer.

Rules over its words beside its names, told by the types that names have in the memory. By itself
a type says little: most passages hold a place, and many are about a person. It counts as far as
the names of the question lead to the passage.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from graphmem.graph.snapshot import OPEN_END, OPEN_START
from graphmem.index.passage_index import PassageIndex
from graphmem.kernels.arrays import Ints, Mask, Rows, ragged
from graphmem.model.knowledge import EntityType

TIME, NUMBER = "time", "number"
_WORKS = r"films?|movies?|songs?|books?|novels?|albums?|series|shows?|games?|poems?|magazines?"
_PLACES = (
    r"cit(?:y|ies)|countr(?:y|ies)|states?|count(?:y|ies)|places?|towns?|villages?|rivers?|lakes?"
    r"|islands?|mountains?|districts?|provinces?|regions?|continents?|capitals?"
)
_GROUPS = (
    r"compan(?:y|ies)|universit(?:y|ies)|schools?|colleges?|teams?|clubs?|bands?|part(?:y|ies)"
    r"|organi[sz]ations?|labels?|publishers?|networks?|channels?|airlines?|church(?:es)?|employers?"
)
_RELATIVES = (
    r"(?:grand)?(?:mother|father|parent|son|daughter|child)s?|(?:grand)?children|wi(?:fe|ves)"
    r"|husbands?|spouses?|brothers?|sisters?|siblings?|uncles?|aunts?|nephews?|nieces?|[\w-]+-in-law"
)
_ROLES = (
    r"directors?|composers?|performers?|singers?|authors?|writers?|founders?|producers?|presidents?"
    r"|kings?|queens?|artists?|act(?:or|ress)(?:es|s)?|players?|coach(?:es)?|politicians?|editors?"
    r"|lyricists?|musicians?|painters?|scientists?|leaders?|rulers?|owners?|creators?|inventors?"
)
_LIFE = (
    r"born|birth\w*|die[ds]?|death|dead|buried|lived|married|older|younger|oldest|youngest|age"
    r"|nationality|educated|graduated|studied|alma mater"
)


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)


_WHICH = r"(?:what|which) (?:[\w'-]+ ){0,2}?"
_ABOUT: Final[Mapping[str, re.Pattern[str]]] = {
    EntityType.PERSON: _words(
        rf"who|whom|whose|{_LIFE}|{_RELATIVES}|{_ROLES}|persons?|people|m[ae]n|wom[ae]n"
    ),
    EntityType.WORK: _words(_WORKS),
    EntityType.PLACE: _words(rf"located|{_WHICH}(?:{_PLACES})"),
    EntityType.ORGANISATION: _words(_GROUPS),
}
"""What each type of thing is spoken of by."""
_ANSWERED: Final[Mapping[str, re.Pattern[str]]] = {
    TIME: _words(
        r"when|(?:what|which) (?:date|day|month|year|time|decade|century)|birthday|date of|how long"
        r"|how old|(?:born|died?|released|founded|formed|published|built|made|out|started|ended)"
        r" (?:first|earlier|later|last)|older|younger|oldest|youngest|longer"
    ),
    NUMBER: _words(r"how (?:many|much|far|tall)|(?:what|which) (?:number|percentage)|population"),
    # Further on it is mostly a relative: "the player who".
    EntityType.PERSON: re.compile(r"^\W*(?:\w+ )?who(?:m|se)?\b|\bwho(?:m|se)?\W*$", re.IGNORECASE),
    EntityType.PLACE: _words(rf"where|nationality|place of|{_WHICH}(?:{_PLACES})|same country"),
    EntityType.ORGANISATION: _words(rf"{_WHICH}(?:{_GROUPS})"),
    EntityType.WORK: _words(rf"{_WHICH}(?:{_WORKS})"),
}
"""What asks for each kind of answer: a type of names, a time or a number."""
_NUMBER_WORD = re.compile(r"\d+|one|two|three|four|five|six|seven|eight|nine|ten|dozen|hundred")


@dataclass(frozen=True, slots=True)
class Sought:
    """Types of what is `about` the question's names, and kinds of `answers`; either may be none."""

    about: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()


def sought_of(question: str, named: frozenset[str]) -> Sought:
    """What a question seeks, without its names, which are of the types `named`.

    Who asks about films for their director is led from films to a person, and not to a film.
    """
    spoken = [kind for kind, pattern in _ABOUT.items() if pattern.search(question)]
    answers = [kind for kind, pattern in _ANSWERED.items() if pattern.search(question)]
    return Sought(
        about=tuple(kind for kind in spoken if kind not in named) or tuple(spoken),
        answers=tuple(kind for kind in answers if kind != EntityType.WORK or kind not in named),
    )


def fitting(index: PassageIndex, sought: Sought, rows: Ints) -> Mask:
    """Which passages are about what is sought and hold something that answers, shape (n_rows,)."""
    about = _having(index, sought.about, rows, *index.home_of_passage)
    fits = np.zeros(len(rows), np.bool_)
    fits[about] = _answering(index, sought.answers, rows[about])
    return fits


def _answering(index: PassageIndex, kinds: Sequence[str], rows: Ints) -> Mask:
    """Which passages hold something of a kind that answers, shape (n_rows,)."""
    held = _having(index, kinds, rows, index.incidence.indptr, index.incidence.names)
    if TIME in kinds:
        indptr, entries = index.evidence_by_passage
        places, owner = ragged(indptr, rows)
        stated, facts = index.facts.evidence_facts[entries[places]], index.facts
        dated = (facts.valid_from[stated] != OPEN_START) | (facts.valid_to[stated] != OPEN_END)
        held[owner[dated]] = True
    if NUMBER in kinds:
        places, owner = ragged(index.lexical.tokens.indptr, rows)
        words, position = np.unique(index.lexical.tokens.words[places], return_inverse=True)
        texts = index.lexical.lexicon.words.take(words)
        is_number = np.array([_NUMBER_WORD.fullmatch(text) is not None for text in texts], np.bool_)
        held[owner[is_number[position]]] = True
    return held


def _having(
    index: PassageIndex, kinds: Sequence[str], rows: Ints, indptr: Ints, names: Rows
) -> Mask:
    """Which passages have one of their names, as (indptr, names), that is of one of the types."""
    types = index.names.types
    wanted = np.zeros(len(types.values), np.bool_)
    wanted[[types.values.row_of[kind] for kind in kinds if kind in types.values.row_of]] = True
    held = np.zeros(len(rows), np.bool_)
    if wanted.any():
        places, owner = ragged(indptr, rows)
        held[owner[wanted[types.codes[names[places]]]]] = True
    return held
