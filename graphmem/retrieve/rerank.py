"""Reranking: the head of a ranking in the order that somebody who reads it would have it in."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from graphmem.errors import LLMError
from graphmem.graph.snapshot import OPEN_START
from graphmem.index.passage_index import PassageIndex
from graphmem.kernels.arrays import Doubles
from graphmem.model.time import from_micros
from graphmem.ports.reranker import Reranker
from graphmem.retrieve.pool import Ranking

_log = logging.getLogger(__name__)
RERANK = "rerank"
"""The name of its share."""


def reranked(
    index: PassageIndex,
    question: str,
    ranking: Ranking,
    reranker: Reranker,
    *,
    depth: int,
    weight: float,
) -> Ranking:
    """The ranking with its `depth` best judged; those below keep their places.

    Where there is no judgement, its order is as it was, its share is 0 and its note says why.

    Raises
    ------
    ConfigurationError
        The reranker cannot be asked: a key is refused, a model unknown.
    """
    n = min(depth, len(ranking.rows))
    try:
        judged = reranker.judge(question, [_read(index, int(row)) for row in ranking.rows[:n]])
    except LLMError as error:
        _log.warning("The order stays as it was ranked: %s", error)
        unmoved = {**ranking.shares, RERANK: np.zeros(len(ranking.rows))}
        return replace(ranking, shares=unmoved, note=f"Not reranked: {error.reason}")
    counted = ((judged.missing, "left out"), (judged.ignored, "unheeded"))
    told = ", ".join(f"{count} {what}" for count, what in counted if count)
    note = f"Reranked by {reranker.name}" + (f" ({told})" if told else "")
    return replace(lifted(ranking, judged.scores, weight=weight), note=note)


def lifted(ranking: Ranking, judged: Sequence[float], *, weight: float) -> Ranking:
    """The ranking with what is judged added to the scores of as many of its best.

    Judgements are stretched to go from 0 to 1, and 1 is worth `weight` times the range of the
    scores that are judged: a share is never negative, so none falls below what was not judged.
    Judgements that are all alike change nothing; ties stay in their order.
    """
    n, values = len(judged), np.asarray(judged, np.float64)
    gain: Doubles = np.zeros(len(ranking.rows))
    spread = float(np.ptp(values)) if n else 0.0
    if spread > 0:
        # Where all that is judged is tied, any gain decides.
        span = float(np.ptp(ranking.scores[:n])) or 1.0
        gain[:n] = weight * span * (values - values.min()) / spread
    scores = ranking.scores + gain
    order = np.argsort(-scores, kind="stable")
    shares = {**ranking.shares, RERANK: gain}
    return replace(
        ranking,
        rows=ranking.rows[order],
        scores=scores[order],
        shares={name: part[order] for name, part in shares.items()},
    )


def _read(index: PassageIndex, row: int) -> str:
    """A passage as it is to be read: under its title, or after who said it and when."""
    passages = index.passages
    speaker = passages.speakers.values[int(passages.speakers.codes[row])]
    title = passages.titles.values[int(passages.titles.codes[row])]
    occurred = int(passages.occurred_at[row])
    day = "" if occurred == OPEN_START else f" ({from_micros(occurred):%Y-%m-%d})"
    head = f"{speaker}{day}" if speaker else title
    return f"{head}: {passages.texts[row]}" if head else passages.texts[row]
