"""Claims: what a fact says of a state, read from the fact and from the sentences that state it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from graphmem.kernels.text import normalise_name
from graphmem.model.knowledge import Fact, Polarity
from graphmem.model.time import WIDTHS, Precision
from graphmem.resolve.revise import Claim
from graphmem.resolve.states import LIFE, Effect, Part, Reading, States

_CORRECTION: Final = re.compile(
    r"^\W*(?:actually|correction|sorry|no,|wait|oops|scratch that|my mistake|i misspoke|i meant|"
    r"to correct|erratum|contrary to|i was (?:wrong|mistaken))\b"
    r"|\b(?:was wrong|were wrong|by mistake|mistakenly|in error|misreported|not true|retracts?|"
    r"retracted|incorrectly|i made a mistake)\b|, (?:and )?not (?!only\b|just\b)\w",
    re.IGNORECASE,
)
_NEVER: Final = re.compile(r"\bnever\b", re.IGNORECASE)
_NOW: Final = re.compile(
    r"\b(?:now|currently|these days|nowadays|at present|at the moment|recently|"
    r"as of (?:now|today))\b",
    re.IGNORECASE,
)
_ENDED: Final = re.compile(
    r"\b(?:no longer|any ?more|any longer|used to|stopped|formerly|former|ceased to)\b",
    re.IGNORECASE,
)
_BEGAN: Final = re.compile(r"\b(?:start(?:s|ed|ing)?|began|begins?|begun)\b", re.IGNORECASE)
_PAST: Final = re.compile(
    r"(?<!has )(?<!have )(?<!'ve )(?<!had )\b(?:lived|resided|dwelt|worked|was|were|served|studied|"
    r"played|remained)\b",
    re.IGNORECASE,
)
_BREAK: Final = re.compile(r"[.!?](?=\s)|\n")


class Stated(NamedTuple):
    """Where a fact is stated: the sentence, when it was said if that is known, and how trusted."""

    text: str
    sentence: str
    seen: datetime | None
    trust: float


def sentence_at(text: str, start: int, end: int) -> str:
    """The sentences of `text` that ``[start, end)`` lies in."""
    before = [match.end() for match in _BREAK.finditer(text, 0, start)]
    after = _BREAK.search(text, max(end - 1, start))
    return text[before[-1] if before else 0 : after.end() if after else len(text)].strip()


def begins(sentence: str) -> bool:
    """Whether what a sentence tells of is said to begin."""
    return _BEGAN.search(sentence) is not None


def readings_of(fact: Fact, states: States, names: Mapping[str, str]) -> list[Reading]:
    """The states that a fact tells of; `names` are those of its members' entities, by id."""
    parts = [Part(m.role, names.get(m.entity_id, m.text), m.entity_id) for m in fact.members]
    return states.readings(
        fact.predicate,
        parts,
        polarity=fact.polarity,
        modality=fact.modality,
        attribution=fact.attribution,
    )


def claims_of(
    fact: Fact,
    stated: Sequence[Stated],
    *,
    states: States,
    names: Mapping[str, str],
    canonical: Callable[[str], str],
) -> list[Claim]:
    """What a fact claims, as it is stated there; nothing where it tells of the past only.

    Parameters
    ----------
    canonical
        The key of whatever the key of a holder is one with.
    """
    if not stated:
        return []
    kept = [m for m in fact.members if not _is_excluded(m.start, stated)]
    readings = readings_of(fact.model_copy(update={"members": tuple(kept)}), states, names)
    sentences = [each.sentence for each in stated]
    has_ended = _any(_ENDED, sentences)
    is_undated = fact.valid_from is None and fact.valid_to is None
    found = []
    for reading in readings:
        effect = reading.effect
        is_negative = fact.polarity is Polarity.NEGATIVE
        is_denied = is_negative and (
            reading.is_once or _any(_CORRECTION, sentences) or _any(_NEVER, sentences)
        )
        if (is_negative and not is_denied) or (has_ended and effect is Effect.HOLDS):
            effect = Effect.ENDS
        is_open = is_undated and effect is Effect.HOLDS and not is_denied and not reading.is_once
        if is_open and all(map(_is_past, sentences)):
            continue
        found.append(
            Claim(
                fact_id=fact.id,
                slot=(reading.state, canonical(reading.holder)),
                values=reading.values,
                effect=effect,
                since=fact.recorded_at,
                start=fact.valid_from,
                end=fact.valid_to if effect is Effect.HOLDS else None,
                width=WIDTHS[fact.precision or Precision.INSTANT],
                seen=tuple(sorted({each.seen for each in stated if each.seen is not None})),
                trust=max(each.trust for each in stated),
                detail=_detail(fact),
                is_once=reading.is_once,
                is_region=states.level(reading.values),
                is_now=_any(_NOW, sentences),
                is_denied=is_denied,
                is_correction=not is_negative and _any(_CORRECTION, sentences),
                text=fact.text,
            )
        )
    return found


def deaths_in(claims: Iterable[Claim], names: Mapping[str, str]) -> dict[str, Claim]:
    """Who is said to have died, by their key and by their name."""
    found: dict[str, Claim] = {}
    for claim in sorted(claims, key=lambda c: c.fact_id):
        if claim.slot[0] == LIFE and claim.effect is Effect.ENDS and not claim.is_denied:
            found.setdefault(claim.slot[1], claim)
            if claim.slot[1] in names:
                found.setdefault(normalise_name(names[claim.slot[1]]), claim)
    return found


def _detail(fact: Fact) -> tuple[int, int]:
    """How many members a fact has, and how exactly it is dated: 0 for not at all."""
    members = sum(member.role not in ("time", "topic") for member in fact.members)
    is_dated = fact.valid_from is not None or fact.valid_to is not None
    return members, 1 + list(WIDTHS).index(fact.precision) if is_dated and fact.precision else 0


def _is_excluded(start: int | None, stated: Sequence[Stated]) -> bool:
    """Whether a member stands where the text says that it is not: "in Bonn, not Paris"."""
    return start is not None and any(
        each.text[max(0, start - 4) : start].lower() == "not " for each in stated[:1]
    )


def _is_past(sentence: str) -> bool:
    return _PAST.search(_CORRECTION.sub("", sentence)) is not None


def _any(pattern: re.Pattern[str], sentences: Iterable[str]) -> bool:
    return any(pattern.search(sentence) for sentence in sentences)
