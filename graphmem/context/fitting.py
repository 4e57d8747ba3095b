"""What fits a question best, where no model reads the context: its sentences, in order of fit.

A sentence is worth what it shares with the question: words of its own and of its title, the words
that the way to it has used up already (a bridge stands for what led to it), and its meaning.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from graphmem.context.spans import content, sentences
from graphmem.kernels.arrays import Floats
from graphmem.kernels.text import normalise_name
from graphmem.model.retrieval import Context, FactView, Hit

Likeness = Callable[[str, Sequence[str]], Floats]
"""Cosines of a question with texts, shape (n,)."""

_WORDS: Final = 1.0
_HEAD: Final = 0.5
_ON_THE_WAY: Final = 1.3
_MEANING: Final = 3.0
_RANK: Final = 0.5
_DEEPEST: Final = 8
"""Rank of the last hit that is looked at."""
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
    """The sentences that fit the question best, best first; none that shares no word with it.

    A fact that says all of its sentence stands for it, as its pronouns are resolved; a sentence
    that does not name what it is about stands behind its title. Without `likeness` words decide.
    """
    hits = [hit for hit in context.hits if hit.rank <= _DEEPEST]
    cuts = [(item, *cut) for item, hit in enumerate(context.hits) for cut in sentences(hit.text)]
    cuts = [cut for cut in cuts if context.hits[cut[0]].rank <= _DEEPEST]
    if not cuts:
        return []
    rare = _rarity(context.question, hits)
    texts = [context.hits[item].text[start:end] for item, start, end in cuts]
    alike = [0.0] * len(cuts) if likeness is None else likeness(context.question, texts)
    ordered = []
    for (item, start, end), text, near in zip(cuts, texts, alike, strict=True):
        hit = context.hits[item]
        shared = _shared(hit, text, rare)
        if shared:
            worth = shared + _MEANING * float(near) + _RANK / hit.rank
            found = Fitting(item, start, end, _said(hit, start, end))
            ordered.append((-worth, hit.rank, found))
    ordered.sort(key=lambda entry: (*entry[:2], entry[2].start))
    unique = {found.text: found for _, _, found in reversed(ordered)}
    texts = list(dict.fromkeys(found.text for _, _, found in ordered))
    return [unique[text] for text in texts[:most]]


def _rarity(question: str, hits: Sequence[Hit]) -> dict[str, float]:
    """The question's words, each with how few hits have it; they sum to 1."""
    asked = content(question)
    held = Counter(w for hit in hits for w in asked & (content(hit.text) | content(hit.title)))
    rare = {word: math.log1p(len(hits) / max(1, held[word])) for word in sorted(asked)}
    return {word: value / sum(rare.values()) for word, value in rare.items()}


def _shared(hit: Hit, text: str, rare: Mapping[str, float]) -> float:
    """How much of the question a sentence and the way to its passage say together."""
    own, head = content(text), content(hit.title)
    steps = hit.paths[0].steps if hit.paths else ()
    names = {normalise_name(step.name) for step in steps}
    told = normalise_name(text)
    way: set[str] = set()
    if normalise_name(hit.title) in names or any(name in told for name in names):
        way = {word for step in steps for word in content(step.name) | content(step.fact)}
    if not rare.keys() & (own | way):
        return 0.0  # its title alone says nothing of it
    by_word = dict.fromkeys(head, _HEAD) | dict.fromkeys(own, _WORDS)
    by_word = dict.fromkeys(way, _ON_THE_WAY) | by_word
    return sum(worth * by_word.get(word, 0.0) for word, worth in rare.items())


def _said(hit: Hit, start: int, end: int) -> str:
    text = " ".join(hit.text[start:end].split())
    for fact in _facts_of(hit, start, end):
        if len(content(fact.text) & content(text)) >= _WHOLE * len(content(text)):
            return fact.text
    if hit.speaker:
        return f"{hit.speaker}: {text}"
    named = not content(hit.title) or content(hit.title) & content(text)
    return text if named else f"{hit.title}: {text}"


def _facts_of(hit: Hit, start: int, end: int) -> Iterator[FactView]:
    return (fact for fact in hit.facts if start <= fact.start and fact.end <= end)
