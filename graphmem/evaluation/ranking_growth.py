"""How a ranker's cost grows with its graph: small and large ones asked in turn, by one process.

Graphs that are measured one after the other meet another machine each: a clock that slows down, a
neighbour that takes the memory's bandwidth. And what is asked before matters: a walk from hubs
leaves nothing of a large graph in the processor's cache, and all of a small one. Here each size is
asked within the same moment, after the same work, and never about hubs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from graphmem.errors import ConfigurationError, StoreError
from graphmem.evaluation.ranking import Contender, Questions, in_new_process
from graphmem.graph.csr import open_csr
from graphmem.kernels.arrays import Doubles

_ROUNDS = 60
"""No more rounds than that, though there be time: the best of a question comes no lower."""


@dataclass(frozen=True, slots=True)
class Growth:
    """Times in milliseconds."""

    medians: Sequence[float]
    """By size, the smallest first: over the questions, the best of each."""
    by_round: Sequence[float]
    """The median time at the largest over that at the smallest, in each round."""

    @property
    def ratio(self) -> float:
        """The largest size's median over the smallest's."""
        return self.medians[-1] / self.medians[0]


def growth_in_turn(
    make: Callable[[], Contender],
    graphs: Sequence[tuple[Path, Questions]],
    *,
    threads: int,
    seconds: float,
) -> Growth | str:
    """Ask a contender of graphs that :func:`graphmem.graph.csr.save_csr` wrote, the smallest first.

    Rounds are made for `seconds`, and as many as its questions ask for. Returns why not where it
    cannot take part.
    """
    return in_new_process(_in_turn, make, graphs, seconds, threads=threads)


def _in_turn(
    make: Callable[[], Contender], graphs: Sequence[tuple[Path, Questions]], seconds: float
) -> Growth | str:
    with ExitStack() as stack:
        contenders = [stack.enter_context(closing(make())) for _ in graphs]
        try:
            for contender, (folder, _) in zip(contenders, graphs, strict=True):
                contender.load(open_csr(folder))
        except (ConfigurationError, StoreError) as reason:
            return str(reason)
        asked = [questions for _, questions in graphs]
        _round(contenders, asked)  # makes what is made once
        began, rounds = time.perf_counter(), [_round(contenders, asked)]
        while len(rounds) < _ROUNDS and (
            len(rounds) < asked[0].rounds or time.perf_counter() - began < seconds
        ):
            rounds.append(_round(contenders, asked))
    times = np.array(rounds)
    medians = np.median(times, axis=2)
    return Growth(
        medians=np.median(times.min(axis=0), axis=1).tolist(),
        by_round=(medians[:, -1] / medians[:, 0]).tolist(),
    )


def _round(contenders: Sequence[Contender], asked: Sequence[Questions]) -> Doubles:
    """Each question once of each graph, shape (graphs, questions)."""
    n = min(len(questions.restarts) for questions in asked)
    times = np.empty((len(asked), n))
    for at in range(n):
        for size, (contender, questions) in enumerate(zip(contenders, asked, strict=True)):
            start = time.perf_counter()
            contender.ask(questions.restarts[at], damping=questions.damping)
            times[size, at] = 1000.0 * (time.perf_counter() - start)
    return times
