"""Measuring rankers beside each other on one graph: time, edges touched, recall, memory.

Each contender runs in a process of its own, on the same memory-mapped graph and the same questions,
so that none inherits another's caches or memory. What it makes of the graph before it is asked, and
of its answer afterwards, is not timed.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import numpy as np
import scipy.sparse as sp

from graphmem.errors import ConfigurationError, InvalidInputError, StoreError
from graphmem.graph.csr import open_csr, save_csr
from graphmem.kernels.arrays import Doubles, Ints, top_rows
from graphmem.kernels.ranking import DAMPING, CsrGraph, Restart

BASELINE: Final = "igraph"
T = TypeVar("T")
_THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_EXACT: Final = 1e-13
_TIE: Final = 1e-9
"""Exact scores closer than this share of the k-th one are tied with it."""


class Contender(Protocol):
    """Something that ranks nodes: one of our rankers, or another library."""

    name: str
    max_edges: int | None
    """The largest graph, in stored edges, on which it is worth waiting for."""

    def load(self, graph: CsrGraph) -> None:
        """Make of the graph whatever it needs; raises `ConfigurationError` or `StoreError` where
        it is absent."""

    def ask(self, restart: Restart, *, damping: float) -> Any:
        """Its answer in its own form. This is what is timed."""

    def top(self, given: Any, k: int) -> tuple[Ints, Doubles]:
        """The best `k` rows of an answer, and their scores."""

    def touched_edges(self, given: Any) -> int:
        """Edges that were followed for an answer; at least so many, where it cannot be told."""

    def close(self) -> None:
        """Let go of what is held elsewhere."""


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked: `restarts` at random, and the nodes of highest degree."""

    restarts: Sequence[Restart]
    hubs: Restart
    k: int
    damping: float
    rounds: int
    """How often each is asked; the best time counts."""
    seconds: float = np.inf
    """No contender is asked anything more after this time, but for each of two questions once; and
    a batch is made so small that it should not take longer."""
    batch: int = 0
    """How many at once, for those that can; 0 for none."""

    @property
    def all(self) -> list[Restart]:
        """The hubs, then those at random."""
        return [self.hubs, *self.restarts]


@dataclass(frozen=True, slots=True)
class Measured:
    """What one contender did with the first of the questions; times in milliseconds."""

    times: Sequence[float]
    tops: Sequence[tuple[Ints, Doubles]]
    touched: Sequence[int]
    open_ms: float
    first_ms: float
    peak_mb: float
    counts_edges: bool
    """Whether `touched` are all edges followed, or at least so many were."""
    certain: Sequence[bool] = ()
    batch: tuple[int, float] | None = None
    """How many at once, and milliseconds a question."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What all did, by name, why others did not, and the exact scores."""

    graph: Mapping[str, Any]
    questions: Questions
    measured: Mapping[str, Measured]
    absent: Mapping[str, str]
    exact: Doubles = field(repr=False)


def draw_questions(
    graph: CsrGraph,
    *,
    n: int,
    seeds: int,
    random: np.random.Generator,
    k: int = 100,
    damping: float = DAMPING,
    rounds: int = 1,
    seconds: float = np.inf,
    batch: int = 0,
) -> Questions:
    """Questions of `seeds` nodes each, among those that have edges.

    Raises
    ------
    InvalidInputError
        Fewer nodes than `seeds` have edges, or a number below 1.
    """
    rows = np.flatnonzero(graph.strengths > 0)
    if min(n, seeds, rounds, k) < 1 or batch < 0 or not seconds > 0:
        raise InvalidInputError("Questions, seeds, rounds, seconds and k must be 1 or more")
    if len(rows) < seeds:
        raise InvalidInputError(
            f"{len(rows):,} nodes have edges, {seeds} seeds are asked for",
            remedy="Ask for fewer seeds, or name a larger graph",
        )
    hubs = top_rows(graph.strengths, seeds)
    drawn = [Restart.of(random.choice(rows, seeds, replace=False)) for _ in range(n)]
    return Questions(drawn, Restart.of(hubs), k, damping, rounds, seconds, batch)


def compare(
    graph: CsrGraph,
    questions: Questions,
    contenders: Mapping[str, Callable[[], Contender]],
    *,
    about: Mapping[str, Any],
    folder: Path,
    threads: int,
    progress: Callable[[str, int, int], None],
) -> Comparison:
    """Ask each of the contenders, made by functions that another process can import.

    The graph is written to `folder`, which must be empty. `threads` is how many OpenMP and BLAS may
    use in a contender, 0 for as many as they like: where other work runs beside, libraries with
    several threads mostly wait for each other.
    """
    measured: dict[str, Measured] = {}
    absent: dict[str, str] = {}
    save_csr(graph, folder)
    size = sum(path.stat().st_size for path in folder.iterdir())
    for at, (name, make) in enumerate(contenders.items()):
        progress("measured", at, len(contenders))
        found = in_new_process(_measure, make, folder, questions, threads=threads)
        if isinstance(found, str):
            absent[name] = found
        else:
            measured[name] = found
    progress("measured", len(contenders), len(contenders))
    exact = exact_scores(graph, questions.all, damping=questions.damping)
    described = {
        **about,
        "nodes": graph.n_nodes,
        "edges": graph.n_edges // 2,
        "stored_edges": graph.n_edges,
        "max_degree": int(np.diff(graph.packed().indptr).max(initial=0)),
        "bytes_per_stored_edge": round(size / max(graph.n_edges, 1), 3),
        "open_ms": round(min((m.open_ms for m in measured.values()), default=0.0), 3),
    }
    return Comparison(described, questions, measured, absent, exact)


def exact_scores(graph: CsrGraph, restarts: Sequence[Restart], *, damping: float) -> Doubles:
    """Scores of all nodes, shape (n, walks), to 1e-13 in L1: power iteration, all walks at once."""
    matrix = graph.matrix()
    sums = np.asarray(matrix.sum(axis=1)).ravel()
    inverse = np.divide(1.0, sums, out=np.zeros_like(sums), where=sums > 0)
    steps = sp.csr_matrix((sp.diags(inverse) @ matrix).T)
    origin = np.stack([restart.vector(graph.n_nodes) for restart in restarts], axis=1)
    scores, stuck = origin, np.flatnonzero(sums == 0)
    while True:
        back = 1.0 - damping + damping * scores[stuck].sum(axis=0)
        following = damping * (steps @ scores) + origin * back
        change = np.abs(following - scores).sum(axis=0).max()
        scores = following
        if change <= _EXACT * len(restarts):
            return np.asarray(scores)


def recall(rows: Ints, exact: Doubles, k: int) -> float:
    """Share of the true top `k` that `rows` hold, nodes tied with the k-th counted alike."""
    best = top_rows(np.where(exact > 0, exact, -np.inf), k)
    if not len(best):
        return 1.0
    lowest = float(exact[best[-1]]) * (1.0 - _TIE)
    found = np.unique(rows[:k])
    return min(int((exact[found] >= lowest).sum()) / len(best), 1.0)


@contextmanager
def _limited(threads: int) -> Iterator[None]:
    """Processes that are started meanwhile are told how many threads to use."""
    before = {name: os.environ.get(name) for name in _THREADS}
    try:
        if threads:
            os.environ.update(dict.fromkeys(_THREADS, str(threads)))
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def in_new_process(work: Callable[..., T], *given: Any, threads: int) -> T | str:
    """What `work` returns where nothing was done before, or why it did not; `threads` as above."""
    context = multiprocessing.get_context("spawn")
    with _limited(threads), ProcessPoolExecutor(1, mp_context=context) as pool:
        try:
            return pool.submit(work, *given).result()
        except BrokenProcessPool:
            return "its process was killed, perhaps for want of memory"


def _measure(make: Callable[[], Contender], folder: Path, questions: Questions) -> Measured | str:
    start = time.perf_counter()
    graph = open_csr(folder)
    open_ms = _since(start)
    contender = make()
    if contender.max_edges is not None and graph.n_edges > contender.max_edges:
        return f"for at most {contender.max_edges:,} stored edges"
    with closing(contender):
        memory = PeakOfProcess()
        try:
            contender.load(graph)
        except (ConfigurationError, StoreError) as reason:
            return str(reason)
        return _answered(contender, questions, memory, open_ms)


def _answered(
    contender: Contender, questions: Questions, memory: PeakOfProcess, open_ms: float
) -> Measured:
    start = time.perf_counter()
    contender.ask(questions.restarts[-1], damping=questions.damping)
    first_ms = _since(start)
    times, answers = _asked(contender, questions)
    peak_mb = memory.megabytes()
    many = getattr(contender, "ask_many", None)
    return Measured(
        times=times,
        tops=[contender.top(answer, questions.k) for answer in answers],
        touched=[contender.touched_edges(answer) for answer in answers],
        open_ms=open_ms,
        first_ms=first_ms,
        peak_mb=peak_mb,
        counts_edges=getattr(contender, "counts_edges", False),
        certain=getattr(contender, "certain", lambda _: ())(answers),
        batch=_batch(many, questions, float(np.median(times))) if many else None,
    )


def _asked(contender: Contender, questions: Questions) -> tuple[list[float], list[Any]]:
    """The best time of each question, and its answer; of those that there was time for."""
    began = time.perf_counter()
    times: list[float] = []
    answers: list[Any] = []
    for _ in range(questions.rounds):
        for at, restart in enumerate(questions.all):
            if at >= 2 and time.perf_counter() - began > questions.seconds:
                return times, answers
            start = time.perf_counter()
            answer = contender.ask(restart, damping=questions.damping)
            took = _since(start)
            if at == len(times):
                times.append(took)
                answers.append(answer)
            times[at] = min(times[at], took)
    return times, answers


def _batch(many: Callable[..., Any], questions: Questions, alone_ms: float) -> tuple[int, float]:
    """How many at once, and milliseconds a question; questions come again until it is full.

    One alone took `alone_ms`; in a batch it is not expected to take longer.
    """
    began = time.perf_counter()
    size = int(max(min(questions.batch, 1000.0 * questions.seconds / alone_ms), 1))
    given = [questions.restarts[at % len(questions.restarts)] for at in range(size)]
    best = np.inf
    for _ in range(questions.rounds):
        start = time.perf_counter()
        many(given, damping=questions.damping)
        best = min(best, _since(start))
        if time.perf_counter() - began > questions.seconds:
            break
    return size, float(best / size)


def _since(start: float) -> float:
    return 1000.0 * (time.perf_counter() - start)


class PeakOfProcess:
    """How much this process grows at most from here on, pages of mapped files included.

    The system keeps the peak; where it cannot be reset, it is that of the process's whole life.
    """

    _STATUS = Path("/proc/self/status")
    _RESET = Path("/proc/self/clear_refs")

    def __init__(self) -> None:
        try:
            self._RESET.write_text("5")
        except OSError:
            self._before = 0.0
        else:
            self._before = self._read()

    def megabytes(self) -> float:
        """Growth in units of 10^6 bytes."""
        return max(self._read() - self._before, 0.0)

    def _read(self) -> float:
        try:
            found = re.search(r"^VmHWM:\s+(\d+) kB", self._STATUS.read_text(), re.MULTILINE)
        except OSError:
            found = None
        if found is None:
            import resource

            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
        return int(found.group(1)) * 1024 / 1e6
