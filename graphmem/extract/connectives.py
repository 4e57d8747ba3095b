"""Explicit connectives and what they say, by the senses of PDTB-3 in a coarse cut.

Webber, Prasad, Lee and Joshi (2019), *The Penn Discourse Treebank 3.0 Annotation Manual*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from graphmem.model.knowledge import Sense


class Reading(NamedTuple):
    """What a connective says, and whether the clause that it stands in is the source."""

    sense: Sense
    is_source: bool = True


def _table(
    senses: Mapping[Sense, str], *, is_source: bool = True
) -> dict[tuple[str, ...], Reading]:
    return {
        tuple(phrase.split()): Reading(sense, is_source)
        for sense, phrases in senses.items()
        for phrase in phrases.replace("\n", " ").split(", ")
    }


SUBORDINATE: Final = _table(
    {
        Sense.CAUSE: "because, since, as, now that, given that, in that",
        Sense.PURPOSE: "so that, in order that, in order to, so as to",
        Sense.CONDITION: "if, unless, as long as, so long as, provided that, provided, in case,"
        " even if, only if, on condition that",
        Sense.PRECEDES: "after, once, as soon as, ever since",
        Sense.SYNCHRONOUS: "when, while, whenever, whilst",
        Sense.CONTRAST: "although, though, even though, whereas, despite, in spite of, instead of,"
        " rather than, despite the fact that, except that",
    }
) | _table(
    {
        Sense.PRECEDES: "before, until, till",
        Sense.CAUSE: "thus, thereby, such that",
    },
    is_source=False,
)
"""Before a clause that depends on another one; ambiguous ones with their first sense."""

ADVERBS: Final = _table(
    {
        Sense.CAUSE: "as a result, as a consequence, therefore, thus, hence, consequently, so,"
        " accordingly, because of this, for this reason, for that reason, that's why, that is why,"
        " this is why, as such, thereby",
        Sense.CONTRAST: "however, but, nevertheless, nonetheless, on the other hand, in contrast,"
        " by contrast, on the contrary, instead, conversely, yet, still, even so, otherwise,"
        " rather, in spite of this, despite this, alternatively",
        Sense.PRECEDES: "then, afterwards, afterward, after that, after this, later, later on,"
        " subsequently, eventually, finally, soon, soon after, soon afterwards, thereafter,"
        " shortly after, shortly thereafter, shortly afterwards, since then, from then on, next,"
        " in the end, ultimately",
        Sense.SYNCHRONOUS: "meanwhile, in the meantime, simultaneously, at the same time",
        Sense.CONJUNCTION: "also, moreover, furthermore, in addition, additionally, similarly,"
        " likewise, besides, and, too, as well",
    },
    is_source=False,
) | _table(
    {
        Sense.ELABORATION: "for example, for instance, in particular, specifically, in fact,"
        " indeed, in other words, that is, namely"
    }
)
"""At the head of a sentence or inside it, towards the one before; the source is the earlier one."""

MEDIAL: Final = frozenset(
    """however therefore thus hence consequently nevertheless nonetheless instead then afterwards
    afterward later subsequently eventually finally soon thereafter also moreover furthermore
    additionally similarly likewise accordingly meanwhile""".split()
)
"""Those that may stand inside their clause."""

COORDINATE: Final = {
    "and": Sense.CONJUNCTION,
    "or": Sense.CONJUNCTION,
    "but": Sense.CONTRAST,
    "yet": Sense.CONTRAST,
    "so": Sense.CAUSE,
}

_LONGEST: Final = max(map(len, (*SUBORDINATE, *ADVERBS)))


def phrase_at(
    table: Mapping[tuple[str, ...], Reading], words: Sequence[str], at: int, end: int
) -> tuple[str, ...]:
    """The longest phrase of a table that stands at a place before `end`; empty for none."""
    for length in range(min(_LONGEST, end - at), 0, -1):
        phrase = tuple(words[at : at + length])
        if phrase in table:
            return phrase
    return ()
