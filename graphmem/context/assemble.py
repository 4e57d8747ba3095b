"""Context assembly: the best sentences of hits as cited text within a budget, fenced as data."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final, NamedTuple

from graphmem.context.evidence import (
    Count,
    Span,
    cut,
    pieces_of,
    rarity,
    said,
    spans_of,
    statements_of,
)
from graphmem.context.fence import citation_of, fenced, safe
from graphmem.context.select import CONCAVITY, select
from graphmem.model.retrieval import Context, Hit


class Spread(NamedTuple):
    """How a budget is spread over hits.

    `steepness` is the power of its rank that a hit's weight falls with, at least 0; `concavity` the
    exponent of the share of it that is taken, in (0, 1]: the lower, the less a second sentence of
    one hit is worth beside the first of another. With `whole_turns`, a turn of talk is not cut into
    its sentences, of which the answer to a question may be the one that shares no word with it.
    """

    steepness: float
    concavity: float
    whole_turns: bool


FEW: Final = Spread(steepness=1.25, concavity=CONCAVITY, whole_turns=True)
"""For a question that few passages answer: less steep, large budgets go to what stands far down."""
MANY: Final = Spread(steepness=0.5, concavity=0.3, whole_turns=False)
"""For one that many answer together."""
_COVERAGE: Final = 0.1
"""What all words of the question are worth together, where the best hit is worth 1."""


def assemble(
    question: str,
    hits: Sequence[Hit],
    *,
    budget: int,
    count: Count,
    worked_out: str = "",
    spread: Spread = FEW,
) -> Context:
    """Choose the sentences that cover the most evidence, and set them out in order with citations.

    What is left of the budget goes to statements of facts out of long sentences that found no room.

    Documents come in the order of reasoning, what was said and happened by time. Sentences that
    follow each other are one item; items of one source and day stand under one heading. Behind an
    item stands when a fact in it held, or ceased to, where its words don't give the year.

    Parameters
    ----------
    hits
        Best first.
    budget
        Tokens that `text` may take, fence, headings and citations included.
    count
        Tokens of each text, by the tokenizer that the budget is meant for.
    worked_out
        What the facts together tell; it stands before the items, as far as it fits.
    spread
        Over how many hits the budget goes.

    Returns
    -------
    Context
        `tokens` is the count of `text` as a whole, at most `budget`. `hits` and `citations` go
        together, an item each, cut to the characters that the item shows; `left_out` counts hits of
        which nothing fitted. Citations are numbered in the order of the text.
    """
    spans = spans_of(hits, whole_turns=spread.whole_turns)
    heads = [_head(hit) for hit in hits]
    lead = safe(worked_out)
    if lead and count([fenced((lead,))])[0] > budget:
        lead = ""
    room = budget - count([fenced((lead,))])[0]
    chosen: list[int] = []
    items: list[Hit] = []
    text = ""
    if spans and room > 0:
        topics = {word: _COVERAGE * worth for word, worth in rarity(question, hits).items()}
        weights = [(1.0 + place) ** -spread.steepness for place in range(len(hits))]
        n_sentences = len(spans)
        spans = [*spans, *statements_of(hits, spans)]
        pieces = pieces_of(question, hits, spans, heads, count)
        chosen = select(
            pieces[:n_sentences],
            weights,
            topics=topics,
            budget=room,
            concavity=spread.concavity,
        )
        # Sentences that run on share a marker, so the text takes less than its pieces reckon.
        first = _text(_items(hits, heads, [spans[row] for row in chosen]), lead)
        saved = max(0, budget - count([first])[0]) if chosen else 0
        chosen = select(
            pieces, weights, topics=topics, budget=room + saved, concavity=spread.concavity
        )
        items = _items(hits, heads, [spans[row] for row in chosen])
        text = _text(items, lead)
    while chosen and count([text])[0] > budget:
        chosen.pop()
        items = _items(hits, heads, [spans[row] for row in chosen])
        text = _text(items, lead)
    return Context(
        question=question,
        text=text,
        tokens=count([text])[0] if text else 0,
        budget=budget,
        citations=tuple(citation_of(item, number) for number, item in enumerate(items, 1)),
        hits=tuple(items),
        left_out=len(hits) - len({item.id for item in items}),
        worked_out=lead if items else "",
    )


def _items(hits: Sequence[Hit], heads: Sequence[str], spans: Sequence[Span]) -> list[Hit]:
    """The hits cut to runs of their chosen sentences, in the order in which they are read."""
    runs: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.hit, span.place, span.start)):
        last = runs[-1] if runs else None
        runs_on = last and (last.hit, last.place + 1) == (span.hit, span.place)
        if last and runs_on and last.fact is None and span.fact is None:
            runs[-1] = Span(span.hit, span.place, last.start, span.end)
        else:
            runs.append(span)
    place = _reading_order(hits, heads, {run.hit for run in runs})
    return [
        cut(hits[run.hit], run) for run in sorted(runs, key=lambda run: (place[run.hit], run.start))
    ]


def _reading_order(hits: Sequence[Hit], heads: Sequence[str], chosen: set[int]) -> dict[int, int]:
    """Where each chosen hit is read: talk by its time, the rest behind what its path comes from."""
    stating = {fact.id: hit for hit in sorted(chosen, reverse=True) for fact in hits[hit].facts}
    ordered: dict[int, None] = {}
    for hit in sorted(chosen):
        steps = hits[hit].paths[0].steps if hits[hit].paths else ()
        for step in steps:
            if step.fact_id in stating:
                ordered.setdefault(stating[step.fact_id])
        ordered.setdefault(hit)
    first = {heads[hit]: place for place, hit in reversed(list(enumerate(ordered)))}

    def key(hit: int) -> tuple[bool, float, str, int, int]:
        told = hits[hit]
        if told.speaker and told.occurred_at:
            return True, told.occurred_at.timestamp(), told.source, told.start, 0
        return False, float(first[heads[hit]]), heads[hit], 0, list(ordered).index(hit)

    return {hit: place for place, hit in enumerate(sorted(ordered, key=key))}


def _text(items: Sequence[Hit], lead: str) -> str:
    if not items:
        return ""
    lines = [lead] if lead else []
    for head, under in groupby(enumerate(items, 1), key=lambda item: _head(item[1])):
        lines += [head] if head else []
        lines += [_line(item, number) for number, item in under]
    return fenced(lines)


def _head(hit: Hit) -> str:
    """What stands over the items of a source: its title and day."""
    day = f"{hit.occurred_at:%-d %B %Y}" if hit.occurred_at else ""
    return safe(" · ".join(filter(None, (hit.title, day))))


def _line(item: Hit, number: int) -> str:
    return safe(f"[{number}] {said(item, 0, len(item.text))}")
