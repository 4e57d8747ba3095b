"""Ranking on a GPU: the same code on NumPy everywhere, and on a GPU where one is found."""

from __future__ import annotations

import logging
from collections.abc import Callable

import igraph
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmem.adapters.rankers.arrays import Device, cupy_device, numpy_device
from graphmem.adapters.rankers.cupy import CupyRanker
from graphmem.errors import ConfigurationError, InvalidInputError
from graphmem.kernels.ranking import CsrGraph, Ranked, Restart

GIB = 2**30


class Refusing:
    """A ranker that must not be asked."""

    name = "refusing"

    def rank(self, *_: object, **__: object) -> Ranked:
        raise AssertionError("fell back")

    rank_many = rank  # type: ignore[assignment]


class Answering(Refusing):
    """One that is asked where there is no room, and counts it."""

    name = "answering"

    def __init__(self) -> None:
        self.asked = 0

    def rank_many(self, _: CsrGraph, restarts: list[Restart], **options: object) -> list[str]:  # type: ignore[override]
        self.asked += 1
        return [f"{len(restarts)} {options['k']}"]


def _gpu() -> Device:
    try:
        return cupy_device()
    except ConfigurationError as reason:
        pytest.skip(f"no GPU: {reason}")


@pytest.fixture(params=["numpy", "cupy"])
def ranker(request: pytest.FixtureRequest) -> CupyRanker:
    device = _gpu() if request.param == "cupy" else numpy_device(lambda: GIB)
    return CupyRanker(fallback=Refusing(), device=lambda: device)


def random_graph(n: int, m: int, seed: int, *, directed: bool = False) -> CsrGraph:
    """Weighted, with a hub, self-loops, zero weights, and nodes without edges."""
    random = np.random.default_rng(seed)
    rows, columns = random.integers(0, n, (2, m))
    columns[: m // 5] = 0
    weights = random.integers(0, 4, m).astype(float)
    used = rows < n * 0.9
    matrix = sp.csr_matrix((weights[used], (rows[used], columns[used])), shape=(n, n))
    return CsrGraph.from_matrix(matrix if directed else matrix + matrix.T)


def solved(graph: CsrGraph, restart: Restart, damping: float) -> np.ndarray:
    """A dense linear solve, which shares nothing with power iteration."""
    weights = graph.matrix().toarray()
    n = graph.n_nodes
    r = restart.vector(n)
    sums = weights.sum(axis=1, keepdims=True)
    steps = np.where(sums > 0, weights / np.where(sums > 0, sums, 1), r[None, :])
    return np.linalg.solve(np.eye(n) - damping * steps.T, (1 - damping) * r)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 40),
    damping=st.floats(0.0, 0.95),
    directed=st.booleans(),
    k=st.integers(1, 50),
    masked=st.booleans(),
)
def test_batches_agree_with_a_dense_solve(
    seed: int, n: int, damping: float, directed: bool, k: int, masked: bool
) -> None:
    random = np.random.default_rng(seed)
    graph = random_graph(n, 4 * n, seed, directed=directed)
    if masked:
        present = random.random(n) < 0.8
        present[0] = True
        graph = graph.view(present)
    rows = np.flatnonzero(graph.strengths >= 0)
    restarts = [Restart.of(random.choice(rows, 2), random.random(2) + 0.1) for _ in range(5)]
    among = random.random(n) < 0.7
    device = numpy_device(lambda: GIB)
    ranker = CupyRanker(fallback=Refusing(), device=lambda: device, batch=3)
    for restart, ranked in zip(
        restarts,
        ranker.rank_many(graph, restarts, k=k, damping=damping, among=among),
        strict=True,
    ):
        exact = np.where(among, solved(graph, restart, damping), 0.0)
        assert_is_top(ranked, exact, k)


def assert_is_top(ranked: Ranked, exact: np.ndarray, k: int) -> None:
    # What walks hardly ever come to may be reached after the last step that precision asks for.
    positive = int((exact > 1e-9).sum())
    assert min(k, positive) <= len(ranked.rows) <= min(k, int((exact > -1e-12).sum()))
    assert np.all(np.abs(ranked.scores - exact[ranked.rows]) <= ranked.errors + 1e-12)
    assert ranked.errors.max(initial=0.0) < 2e-9
    others = np.delete(exact, ranked.rows)
    assert len(others) == 0 or others.max() <= exact[ranked.rows].min(initial=1.0) + 3e-9
    assert others.max(initial=0.0) <= ranked.certificate.rival + 1e-12
    assert ranked.certificate.is_certain
    assert np.all(np.diff(ranked.scores) <= 0)


def test_it_gives_what_igraph_gives(ranker: CupyRanker) -> None:
    n = 3000
    graph = random_graph(n, 12_000, 5)
    matrix = sp.triu(graph.matrix()).tocoo()
    connected = np.flatnonzero(graph.strengths > 0)
    peer = igraph.Graph(n=n, edges=np.stack((matrix.row, matrix.col), axis=1))
    restarts = [Restart.of(connected[at : at + 4]) for at in range(0, 40, 4)]
    weights = np.where(matrix.row == matrix.col, matrix.data / 2, matrix.data).tolist()
    for restart, ranked in zip(restarts, ranker.rank_many(graph, restarts, k=n), strict=True):
        exact = peer.personalized_pagerank(
            damping=0.5, reset=restart.vector(n), weights=weights, directed=False
        )
        assert np.abs(ranked.scores - np.array(exact)[ranked.rows]).max() < 1e-6


def test_the_same_question_has_the_same_answer_in_any_batch(ranker: CupyRanker) -> None:
    graph = random_graph(400, 2000, 1)
    restarts = [Restart.of([at]) for at in range(7)]
    many = ranker.rank_many(graph, restarts, k=10)
    for restart, ranked in zip(restarts, many, strict=True):
        alone = ranker.rank(graph, restart, k=10)
        assert alone.rows.tolist() == ranked.rows.tolist()
        assert np.allclose(alone.scores, ranked.scores, atol=2e-9)
    assert [r.scores.tolist() for r in ranker.rank_many(graph, restarts, k=10)] == [
        r.scores.tolist() for r in many
    ]


def planned(free: int, answering: Answering) -> tuple[CupyRanker, list[int]]:
    """A ranker on a device of so much memory, and the widths of the blocks it works on."""
    widths: list[int] = []

    def matrix(*arguments: object, **options: object) -> Observed:
        return Observed(sp.csr_matrix(*arguments, **options), widths)

    given = numpy_device(lambda: free)
    device = Device(**{**{f: getattr(given, f) for f in Device.__slots__}, "csr_matrix": matrix})
    return CupyRanker(fallback=answering, device=lambda: device), widths


class Observed:
    """A matrix that notes how many vectors it is multiplied with."""

    def __init__(self, matrix: sp.csr_matrix, widths: list[int]) -> None:
        self._matrix, self._widths = matrix, widths

    def __matmul__(self, block: np.ndarray) -> np.ndarray:
        if not self._widths or self._widths[-1] != block.shape[1]:
            self._widths.append(block.shape[1])
        return self._matrix @ block


def test_a_batch_is_cut_to_what_fits() -> None:
    graph = random_graph(1000, 4000, 2)
    restarts = [Restart.of([at]) for at in range(10)]
    ranker, widths = planned(500_000, Answering())  # the graph, and 40 kB for each walk
    assert len(ranker.rank_many(graph, restarts, k=5)) == 10
    assert max(widths) < 10
    assert min(widths) >= 1
    assert len(widths) > 1


def test_what_does_not_fit_goes_to_the_processor(caplog: pytest.LogCaptureFixture) -> None:
    answering = Answering()
    ranker, widths = planned(100_000, answering)
    with caplog.at_level(logging.WARNING):
        found = ranker.rank_many(random_graph(1000, 4000, 2), [Restart.of([1])], k=5)
    assert found == ["1 5"]
    assert answering.asked == 1
    assert not widths
    assert "Ranking by answering instead: 1,000 nodes" in caplog.text
    assert "0 MB are free" in caplog.text


def test_memory_that_runs_out_on_the_way_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    answering = Answering()
    released: list[bool] = []

    def full(*_: object, **__: object) -> object:
        raise MemoryError("64 bytes")

    given = numpy_device(lambda: GIB)
    fields = {f: getattr(given, f) for f in Device.__slots__}
    device = Device(**{**fields, "csr_matrix": full, "released": lambda: released.append(True)})
    ranker = CupyRanker(fallback=answering, device=lambda: device)
    assert ranker.rank_many(random_graph(9, 20, 2), [Restart.of([1])], k=5) == ["1 5"]
    assert "64 bytes" in caplog.text
    assert released


def _absent() -> Device:
    raise ConfigurationError("CuPy finds no GPU 0")


@pytest.mark.parametrize("find", [_absent, lambda: cupy_device(number=999)])
def test_without_a_gpu_the_processor_answers(
    find: Callable[[], Device], caplog: pytest.LogCaptureFixture
) -> None:
    answering = Answering()
    ranker = CupyRanker(fallback=answering, device=find)
    assert ranker.rank_many(random_graph(9, 20, 2), [Restart.of([1])], k=5) == ["1 5"]
    assert "Ranking by answering instead" in caplog.text


def test_a_question_that_means_nothing_is_refused(ranker: CupyRanker) -> None:
    with pytest.raises(InvalidInputError, match="k=0"):
        ranker.rank(random_graph(9, 20, 2), Restart.of([1]), k=0)
