"""What each sentence of the hits is worth as evidence, and what it costs.

A hit weighs one over its rank, shared among its sentences: by the words of the question in them,
the names of other good hits (they lead from one to the next), the facts of the reasoning paths, and
a little for the first, which says what the passage is about.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from graphmem.context.select import Piece
from graphmem.context.spans import content, sentences
from graphmem.model.retrieval import FactView, Hit

Count = Callable[[Sequence[str]], list[int]]
_PLAIN: Final = 0.2
"""What a sentence is worth in which nothing is found, beside the shares below."""
_ASKED: Final = 1.0
_BRIDGE: Final = 0.5
_MOST_BRIDGES: Final = 2
_ON_PATH: Final = 0.5
_OPENING: Final = 0.3
_GOOD_HITS: Final = 10
"""Hits whose names and paths are looked for in the sentences of all."""
_LONG_SENTENCE: Final = 120
"""Characters from which on a sentence has facts that may stand for it."""
_SHORT_TURN: Final = 600
"""Characters up to which a turn is not cut into its sentences."""
_MOMENT: Final = timedelta(microseconds=1)
_WIDEST_MARKER: Final = "[99] "


@dataclass(frozen=True, slots=True)
class Span:
    """Characters of a hit's text, `hit` its position, `place` which sentence of it.

    `fact` is one that is stated there, where its statement stands for the characters.
    """

    hit: int
    place: int
    start: int
    end: int
    fact: FactView | None = None


def spans_of(hits: Sequence[Hit], *, whole_turns: bool = True) -> list[Span]:
    """Every sentence of the hits, in order; a turn of talk is one piece, if that is asked for."""
    return [
        Span(position, place, start, end)
        for position, hit in enumerate(hits)
        for place, (start, end) in enumerate(_cuts(hit, whole_turns=whole_turns))
    ]


def statements_of(hits: Sequence[Hit], spans: Sequence[Span]) -> list[Span]:
    """Facts of the best hits that may stand for a long sentence where that finds no room.

    They are shorter than it, and read by themselves: pronouns are resolved in them.
    """
    found = []
    for span in spans:
        size = span.end - span.start
        if span.hit >= _GOOD_HITS or size < _LONG_SENTENCE:
            continue
        within = {
            fact.text: fact
            for fact in hits[span.hit].facts
            if span.start <= fact.start and fact.end <= span.end and 2 * len(fact.text) <= size
        }
        found += [Span(span.hit, span.place, f.start, f.end, f) for f in within.values()]
    return found


def pieces_of(
    question: str, hits: Sequence[Hit], spans: Sequence[Span], heads: Sequence[str], count: Count
) -> list[Piece]:
    """The spans as pieces to choose from, at what they cost under their hit's head.

    Statements of facts come behind all sentences, and share in the worth of theirs by their words.
    """
    texts = [_text_of(hits[span.hit], span) for span in spans]
    labels = list(dict.fromkeys(heads))
    shown = [f"{_WIDEST_MARKER}{shown_as(hits[span.hit], span)}" for span in spans]
    nothing, *sizes = count(["", *shown, *labels])
    head_cost = {
        head: size - nothing + 1 for head, size in zip(labels, sizes[len(texts) :], strict=True)
    }
    wholes = [span for span in spans if span.fact is None]
    worth = _worth(question, hits, wholes, texts[: len(wholes)])
    of_hit: defaultdict[int, float] = defaultdict(float)
    for span, value in zip(wholes, worth, strict=True):
        of_hit[span.hit] += value
    row_of = {(span.hit, span.place): row for row, span in enumerate(wholes)}
    whole_of = [None if span.fact is None else row_of[span.hit, span.place] for span in spans]
    shares = [value / of_hit[span.hit] for span, value in zip(wholes, worth, strict=True)]
    shares += _parted(shares, texts, whole_of)
    return [
        Piece(
            group=span.hit,
            share=share,
            cost=max(1, size - nothing),
            head=heads[span.hit],
            head_cost=head_cost[heads[span.hit]] if heads[span.hit] else 0,
            words=content(text),
            whole=whole,
        )
        for span, text, share, size, whole in zip(
            spans, texts, shares, sizes, whole_of, strict=False
        )
    ]


def _parted(
    shares: Sequence[float], texts: Sequence[str], whole_of: Sequence[int | None]
) -> list[float]:
    """What statements share of their sentences' worth: by words in common, all together no more
    than all of it."""
    parts = [(row, whole) for row, whole in enumerate(whole_of) if whole is not None]
    common = [len(content(texts[row]) & content(texts[whole])) for row, whole in parts]
    total: defaultdict[int, int] = defaultdict(int)
    for (_, whole), n in zip(parts, common, strict=True):
        total[whole] += n
    return [
        shares[whole] * n / max(1, total[whole], len(content(texts[whole])))
        for (_, whole), n in zip(parts, common, strict=True)
    ]


def cut(hit: Hit, span: Span) -> Hit:
    """A hit narrowed to a span, with the facts that are stated there, or to a fact's statement."""
    place = {"start": hit.start + span.start, "end": hit.start + span.end}
    if span.fact is not None:
        text = span.fact.text
        told = span.fact.model_copy(update={"start": 0, "end": len(text)})
        return hit.model_copy(update={**place, "text": text, "speaker": None, "facts": (told,)})
    facts = tuple(
        fact.model_copy(
            update={"start": max(0, fact.start - span.start), "end": fact.end - span.start}
        )
        for fact in hit.facts
        if span.start < fact.end <= span.end
    )
    text = hit.text[span.start : span.end]
    return hit.model_copy(update={**place, "text": text, "facts": facts})


def shown_as(hit: Hit, span: Span) -> str:
    """A span of a hit as it is shown."""
    if span.fact is None:
        return said(hit, span.start, span.end)
    item = cut(hit, span)
    return said(item, 0, len(item.text))


def _text_of(hit: Hit, span: Span) -> str:
    return hit.text[span.start : span.end] if span.fact is None else span.fact.text


def said(hit: Hit, start: int, end: int) -> str:
    """Characters of a hit as they are shown: behind who said them, before when they held, or what
    supersedes them."""
    text = hit.text[start:end]
    within = [fact for fact in hit.facts if start < fact.end <= end]
    marks = {
        f"(superseded by: {fact.superseded_by})": None for fact in within if fact.superseded_by
    } or {
        f"({_when(fact.valid_from, fact.valid_to)})": None
        for fact in within
        if fact.valid_to and not _is_dated(text, fact.valid_to)
    }
    return " ".join((f"{hit.speaker}: {text}" if hit.speaker else text, *marks))


def _is_dated(text: str, until: datetime) -> bool:
    """Whether the words themselves give the year in which it ended; no mark is needed then."""
    return str(until.year) in text or str((until - _MOMENT).year) in text


def _when(since: datetime | None, until: datetime) -> str:
    """A day, week, month or year by its name; of any other time, when it was over."""
    days = (until - since).days if since else 0
    if since and days == 1:
        return f"{since:%-d %B %Y}"
    if since and days == 7:
        return f"week of {since:%-d %B %Y}"
    if since and since.day == until.day == 1 and days <= 31:
        return f"{since:%B %Y}"
    if since and (since.day, since.month) == (until.day, until.month) == (1, 1) and days <= 366:
        return f"{since:%Y}"
    return f"until {until:%-d %B %Y}"


def rarity(question: str, hits: Sequence[Hit]) -> dict[str, float]:
    """The question's words, each with how few hits have it; they sum to 1."""
    asked = content(question)
    held = Counter(word for hit in hits for word in asked & _words_of(hit))
    rare = {word: math.log1p(len(hits) / max(1, held[word])) for word in sorted(asked)}
    total = sum(rare.values())
    return {word: value / total for word, value in rare.items()}


def _worth(
    question: str, hits: Sequence[Hit], spans: Sequence[Span], texts: Sequence[str]
) -> list[float]:
    asked = rarity(question, hits)
    names = [content(hit.title) for hit in hits]
    leading = [name for name in dict.fromkeys(names[:_GOOD_HITS]) if name]
    on_paths = {
        step.fact_id for hit in hits[:_GOOD_HITS] for path in hit.paths for step in path.steps
    }
    told = [[(fact.start, fact.end) for fact in hit.facts if fact.id in on_paths] for hit in hits]
    found = []
    for span, text in zip(spans, texts, strict=True):
        said, own = content(text), names[span.hit]
        bridges = sum(1 for name in leading if name != own and name <= said)
        on_path = any(start < span.end and span.start < end for start, end in told[span.hit])
        found.append(
            _PLAIN
            + _ASKED * sum(asked[word] for word in said & asked.keys())
            + _BRIDGE * min(bridges, _MOST_BRIDGES)
            + _ON_PATH * on_path
            + _OPENING * (span.place == 0)
        )
    return found


def _cuts(hit: Hit, *, whole_turns: bool) -> tuple[tuple[int, int], ...]:
    parts = sentences(hit.text)
    whole = whole_turns and hit.speaker and len(hit.text) <= _SHORT_TURN
    return ((parts[0][0], parts[-1][1]),) if parts and whole else parts


def _words_of(hit: Hit) -> frozenset[str]:
    return content(hit.text) | content(hit.title)
