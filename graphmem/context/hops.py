"""When something came about that a question names by what it has: the birth of a film's director.

"Which film has the director who was born later, A or B?" asks for a date that stands with neither A
nor B, but with whom a fact ties to it in the words of the question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from graphmem.context.occurrences import MET, Dated, Occurrences, Phrase, is_actual, moment_of
from graphmem.extract.fields import stem
from graphmem.kernels.text import words
from graphmem.model.time import year_interval
from graphmem.model.timeline import Entry

_LIKE: Final = 0.6
"""The share of a relation's words that a fact has words like, from which it is that relation."""
_ASIDE: Final = re.compile(r"\s*\([^()]*\)\s*$")
_OF_A_YEAR: Final = re.compile(r"\b(?:is|was|are|were) (?:an? |the )?(1\d{3}|20\d{2}) (?![\d–-])")
_APPEARING: Final = frozenset(
    stem(word)
    for word in "released came come out published made produced issued built created aired".split()
)
"""Verbs for how a thing comes into the world: by the year that it is called after."""


def came_about(thing: str, verb: str, known: Occurrences) -> Dated | None:
    """When what the verb says became of a thing, or of what it has as the words before it say.

    ``"film was released"`` is of the thing, ``"film whose director was born"`` of its director.
    """
    name = frozenset(stem(word) for word in words(_ASIDE.sub("", thing)))
    told = [word for word in Phrase.of(verb.lower()).words if stem(word) not in name]
    if not told or not name:
        return None
    happened, relations = told[-1], told[1:-1]
    about = [entry for entry in known.naming(name) if is_actual(entry)]
    if relations:
        return _of_related(about, relations, happened, known)
    direct = _dated(about, happened, known)
    if direct is None and _is_appearing(verb):
        for entry in about:
            year = _OF_A_YEAR.search(entry.text)
            if year:
                return Dated(year_interval(int(year[1])), (entry,))
    return direct


def _of_related(
    about: Sequence[Entry], relations: Sequence[str], happened: str, known: Occurrences
) -> Dated | None:
    """When it happened to whom the entries tie the thing to, by words like the relation's."""
    shares = _shares(tuple(relations), known)
    ties = [entry for entry in about if shares[entry.fact_id] >= _LIKE]
    for tie in sorted(ties, key=lambda entry: -shares[entry.fact_id]):
        others = set(tie.entity_ids)
        of_them = [e for e in known.entries if is_actual(e) and set(e.entity_ids[:1]) & others]
        found = _dated([entry for entry in of_them if entry not in about], happened, known)
        if found is not None:
            return Dated(found.moment, (*found.entries, tie))
    return None


def _dated(entries: Sequence[Entry], happened: str, known: Occurrences) -> Dated | None:
    """The first of the entries that has a date and says what happened."""
    shares = _shares((happened,), known)
    for entry in entries:
        moment = moment_of(entry) if entry.is_dated else None
        if moment is not None and shares[entry.fact_id] >= MET:
            return Dated(moment, (entry,))
    return None


def _shares(asked: tuple[str, ...], known: Occurrences) -> dict[str, float]:
    """What share of the words each entry has words like, by the id of its fact."""
    shares = known.shares(Phrase(asked, frozenset(), None))
    return {entry.fact_id: float(s) for entry, s in zip(known.entries, shares, strict=True)}


def _is_appearing(verb: str) -> bool:
    return any(stem(word) in _APPEARING for word in words(verb))
