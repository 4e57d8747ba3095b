"""What fits a question best, where no model reads the context: its sentences, in order of fit.

A sentence is worth what it shares with the question: words of its own and of its title, the words
that the way to it has used up already (a bridge stands for what led to it), and its meaning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from graphmem.context.evidence import rarity
from graphmem.context.spans import content, sentences
from graphmem.kernels.arrays import Floats
from graphmem.kernels.text import normalise_name
from graphmem.model.retrieval import Context, Hit

Likeness = Callable[[Sequence[str], Sequence[str]], Floats]
"""Cosines of questions with texts, shape (n_questions, n_texts)."""

_WORDS: Final = 1.0
_HEAD: Final = 0.5
_ON_THE_WAY: Final = 1.3
_MEANING: Final = 3.0
_RANK: Final = 0.5
_DEEPEST: Final = 8
"""Rank of the last hit that is looked at."""
_HEADING: Final = re.compile(r"#.*|(?:\S+ ){0,7}\S*[^\s.!?…。！？\"'”’)]")
_WHOLE: Final = 0.8
"""Share of a sentence's words that a fact must have to stand for it."""


@dataclass(frozen=True, slots=True)
class Fitting:
    """What an item of a context says: characters ``[start, end)`` of its text, and how it reads."""

    item: int
    start: int
    end: int
    text: str


def fitting(context: Context, likeness: Likeness | None, *, most: int) -> list[Fitting]:
    """The sentences that fit the question best, best first.

    None that shares no word with it, or has no other. A fact that says all of its sentence stands
    for it, as its pronouns are resolved; a sentence that does not name what it is about stands
    behind its title. Without `likeness` words decide.
    """
    asked = content(context.question)
    items = [(item, hit) for item, hit in enumerate(context.hits) if hit.rank <= _DEEPEST]
    if not items:
        return []
    rare = rarity(context.question, [hit for _, hit in items])
    read = [
        _read(context.question, rare, item, hit, start, end)
        for item, hit in items
        for start, end in sentences(hit.text)
        if hit.speaker or not _HEADING.fullmatch(hit.text, start, end)
    ]
    read = [one for one in read if one.shared and not content(one.said.text) <= asked]
    near = [0.0] * len(read)
    if likeness is not None and read:
        questions = list(dict.fromkeys(question for one in read for question, _ in one.pairs))
        texts = list(dict.fromkeys(text for one in read for _, text in one.pairs))
        row, column = _places(questions), _places(texts)
        alike = likeness(questions, texts)
        near = [float(max(alike[row[q], column[t]] for q, t in one.pairs)) for one in read]
    worth = [
        one.shared + _MEANING * close + _RANK / context.hits[one.said.item].rank
        for one, close in zip(read, near, strict=True)
    ]
    ordered = [read[at].said for at in sorted(range(len(read)), key=lambda at: -worth[at])]
    unique: dict[str, Fitting] = {}
    for found in ordered:
        unique.setdefault(found.text, found)
    return list(unique.values())[:most]


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence as it is weighed: what of the question it shares, and the pairs of a question
    and a text, of which the most alike say how near its meaning is."""

    said: Fitting
    shared: float
    pairs: tuple[tuple[str, str], ...]


def _read(
    question: str, rare: Mapping[str, float], item: int, hit: Hit, start: int, end: int
) -> _Sentence:
    """The question is asked as it is, without what the way has said, and of where it has led."""
    lead, body = _said(hit, start, end)
    said, text = f"{lead}{body}", hit.text[start:end]
    steps = hit.paths[0].steps if hit.paths else ()
    told = normalise_name(f"{hit.title} {said}")
    way: frozenset[str] = frozenset()
    pairs = [(question, text)]
    if any(normalise_name(step.name) in told for step in steps):
        way = way.union(*(content(step.name) | content(step.fact) for step in steps))
        pairs.append((_without(question, way) or question, text))
    if len(steps) > 1 and normalise_name(steps[-1].name) in told:
        first, last = steps[0].name, steps[-1].name
        pairs.append(
            (re.sub(re.escape(first), lambda _: last, question, flags=re.IGNORECASE), said)
        )
    return _Sentence(
        said=Fitting(item, start, end, said),
        shared=_shared(content(body), content(hit.title), way, rare),
        pairs=tuple(pairs),
    )


def _places(texts: Sequence[str]) -> dict[str, int]:
    return {text: place for place, text in enumerate(texts)}


def _shared(
    own: frozenset[str], head: frozenset[str], way: frozenset[str], rare: Mapping[str, float]
) -> float:
    """How much of the question a sentence and the way to its passage say together."""
    if not rare.keys() & (own | way):
        return 0.0  # its title alone says nothing of it
    by_word = dict.fromkeys(way, _ON_THE_WAY)
    by_word |= dict.fromkeys(head, _HEAD) | dict.fromkeys(own, _WORDS)
    return sum(worth * by_word.get(word, 0.0) for word, worth in rare.items())


def _without(question: str, way: frozenset[str]) -> str:
    """The question that is left when the way has said its part."""
    return " ".join(word for word in question.split() if not content(word) & way)


def _said(hit: Hit, start: int, end: int) -> tuple[str, str]:
    """Who or what a sentence is of, where it does not name it, and the sentence."""
    body = " ".join(hit.text[start:end].split())
    own = content(body)
    for fact in hit.facts:
        within = start <= fact.start and fact.end <= end
        if within and len(content(fact.text) & own) >= _WHOLE * len(own):
            return "", fact.text
    if hit.speaker:
        return f"{hit.speaker}: ", body
    named = not content(hit.title) or content(hit.title) & own
    return ("" if named else f"{hit.title}: "), body
