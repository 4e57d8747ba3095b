"""Rankers: what each must find on any graph, by a dense solve that shares no code with them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmem.adapters.rankers.auto import AutoRanker
from graphmem.adapters.rankers.igraph import IgraphRanker
from graphmem.adapters.rankers.push import Order, PushRanker
from graphmem.adapters.rankers.scipy import PowerRanker
from graphmem.errors import InvalidInputError
from graphmem.kernels.powerlaw import power_law_graph
from graphmem.kernels.ranking import CsrGraph, Options, Ranked, Restart
from graphmem.ports.ranker import Ranker

RANKERS: dict[str, Ranker] = {
    "push": PushRanker(),
    "push, one threshold": PushRanker(epsilon=1e-4),
    "push, steepest first": PushRanker(order="steepness"),
    "push, no hubs": PushRanker(hubs=0),
    "push, then exact": PushRanker(exact=PowerRanker()),
    "scipy": PowerRanker(),
    "scipy, coarse": PowerRanker(precision=1e-2),
    "igraph": IgraphRanker(),
    "auto": AutoRanker(
        push=lambda: PushRanker(exact=PowerRanker()), power=PowerRanker(), small=10, large=30
    ),
}
PROVING = ("push, then exact", "scipy", "scipy, coarse", "igraph", "auto")
ROUNDING = 1e-11
ORDERS: tuple[Order, Order] = ("arrival", "steepness")


@pytest.fixture(params=sorted(RANKERS))
def ranker(request: pytest.FixtureRequest) -> Ranker:
    return RANKERS[request.param]


class Case(NamedTuple):
    """A graph, where the walk restarts, and what is asked."""

    dense: np.ndarray
    restart: Restart
    damping: float
    k: int
    among: np.ndarray | None

    @property
    def graph(self) -> CsrGraph:
        return CsrGraph.from_matrix(sp.csr_matrix(self.dense))

    def exact(self) -> np.ndarray:
        return solve(self.dense, self.restart.vector(len(self.dense)), self.damping)


def solve(dense: np.ndarray, restart: np.ndarray, damping: float) -> np.ndarray:
    """The walk's linear system, in full."""
    sums = dense.sum(axis=1)
    shares = np.where(sums[:, None] > 0, dense / np.where(sums > 0, sums, 1)[:, None], restart)
    return np.linalg.solve(np.eye(len(dense)) - damping * shares.T, (1 - damping) * restart)


@st.composite
def hypergraphs(draw: st.DrawFn) -> np.ndarray:
    """Entities and the facts that they are members of, some of them hubs, alone, or of weight 0."""
    n_entities, n_facts = draw(st.integers(1, 12)), draw(st.integers(0, 12))
    n = n_entities + n_facts
    dense = np.zeros((n, n), np.float32)
    weights = st.sampled_from([0.0, 1e-6, 0.3, 1.0, 1.0, 1.0, 2.5, 1e4])
    for fact in range(n_entities, n):
        members = st.lists(st.integers(0, n_entities - 1), max_size=4, unique=True)
        for entity in draw(members):
            dense[fact, entity] = dense[entity, fact] = draw(weights)
        if draw(st.booleans()):
            dense[fact, 0] = dense[0, fact] = 1.0
    for node in draw(st.lists(st.integers(0, n - 1), max_size=2)):
        dense[node, node] = draw(weights)
    return dense


@st.composite
def digraphs(draw: st.DrawFn) -> np.ndarray:
    """One-way edges; many nodes have none."""
    n = draw(st.integers(1, 14))
    dense = np.zeros((n, n), np.float32)
    ends = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1), st.sampled_from([0.5, 1.0, 9.0]))
    for source, target, weight in draw(st.lists(ends, max_size=30)):
        dense[source, target] = weight
    return dense


@st.composite
def cases(draw: st.DrawFn) -> Case:
    dense = draw(hypergraphs() | digraphs())
    n = len(dense)
    rows = draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=4))
    weights = draw(st.lists(st.floats(0.01, 1.0), min_size=len(rows), max_size=len(rows)))
    chosen = st.lists(st.booleans(), min_size=n, max_size=n).map(np.array)
    return Case(
        dense.astype(np.float64),
        Restart.of(rows, weights),
        draw(st.sampled_from([0.0, 0.2, 0.5, 0.85, 0.97])),
        draw(st.integers(1, 30)),
        draw(st.none() | chosen),
    )


def ask(ranker: Ranker, case: Case, *, certain: bool = False, tolerance: float = 1e-6) -> Ranked:
    return ranker.rank(
        case.graph,
        case.restart,
        k=case.k,
        damping=case.damping,
        certain=certain,
        tolerance=tolerance,
        among=case.among,
    )


def assert_proven(ranked: Ranked, case: Case) -> None:
    """The bounds and the certificate hold against the exact scores."""
    exact = case.exact()
    outside = np.ones(len(exact), np.bool_) if case.among is None else case.among.copy()
    assert outside[ranked.rows].all()
    assert len(set(ranked.rows.tolist())) == len(ranked.rows) <= case.k
    outside[ranked.rows] = False
    assert np.all(np.abs(exact[ranked.rows] - ranked.scores) <= ranked.errors + ROUNDING)
    assert np.all(np.diff(ranked.scores) <= 0)
    found = ranked.certificate
    lowest = exact[ranked.rows].min() if len(ranked.rows) == case.k else 0.0
    assert found.lowest <= lowest + ROUNDING
    assert found.rival >= exact[outside].max(initial=0.0) - ROUNDING
    if found.is_certain:
        assert exact[outside].max(initial=0.0) <= lowest + found.tolerance + ROUNDING


@pytest.mark.parametrize("name", sorted(RANKERS))
@pytest.mark.parametrize("certain", [False, True])
@settings(max_examples=60, deadline=None)
@given(case=cases())
def test_scores_are_within_their_errors_and_the_certificate_is_true(
    name: str, certain: bool, case: Case
) -> None:
    assert_proven(ask(RANKERS[name], case, certain=certain), case)


@pytest.mark.parametrize("name", PROVING)
@settings(max_examples=40, deadline=None)
@given(case=cases())
def test_the_top_k_is_proven_where_proof_is_asked_for(name: str, case: Case) -> None:
    ranked = ask(RANKERS[name], case, certain=True)
    assert ranked.certificate.is_certain


@settings(max_examples=60, deadline=None)
@given(case=cases())
def test_push_alone_proves_a_symmetric_graphs_top_k(case: Case) -> None:
    if case.graph.is_symmetric and case.damping <= 0.5:
        assert ask(RANKERS["push"], case, certain=True).certificate.is_certain


@pytest.mark.parametrize("name", ["scipy", "igraph"])
@settings(max_examples=40, deadline=None)
@given(case=cases())
def test_exact_solvers_find_the_exact_scores(name: str, case: Case) -> None:
    ranked = ask(RANKERS[name], case)
    exact = case.exact()
    assert np.allclose(ranked.scores, exact[ranked.rows], atol=1e-8)
    assert np.all(ranked.errors < 1e-6)


def large(seed: int) -> CsrGraph:
    """A few thousand nodes with hubs, numbered at random."""
    random = np.random.default_rng(seed)
    ends = random.permutation(3000)[(3000 * random.random((20000, 2)) ** 3).astype(int)]
    half = sp.coo_matrix((random.random(20000) + 0.1, ends.T), shape=(3000, 3000)).tocsr()
    return CsrGraph.from_matrix(sp.csr_matrix(half + half.T, dtype=np.float32))


GRAPH = large(0)


def assert_alike(ranker: Ranker, found: list[Ranked], expected: list[Ranked]) -> None:
    """The same bytes; but PRPACK's threads add up in any order, so igraph's last digits differ."""
    if isinstance(ranker, IgraphRanker):
        for one, other in zip(found, expected, strict=True):
            assert np.allclose(one.scores, other.scores, rtol=0, atol=1e-10)
        return
    assert list(map(as_bytes, found)) == list(map(as_bytes, expected))


def as_bytes(ranked: Ranked) -> tuple[object, ...]:
    arrays = (ranked.rows, ranked.scores, ranked.errors)
    return (*(a.tobytes() for a in arrays), ranked.certificate, ranked.touched_edges)


def test_the_same_question_gives_the_same_bytes_whatever_came_before(ranker: Ranker) -> None:
    first = ranker.rank(GRAPH, Restart.of([5, 9]))
    ranker.rank(GRAPH, Restart.of(range(100)), certain=True)
    assert_alike(ranker, [ranker.rank(GRAPH, Restart.of([9, 5]))], [first])


def test_many_at_once_are_what_each_is_alone(ranker: Ranker) -> None:
    restarts = [Restart.of([seed, 2 * seed]) for seed in range(1, 20)]
    for certain in (False,) if ranker.name == "igraph" else (False, True):
        options = Options(k=10, certain=certain)
        together = ranker.rank_many(GRAPH, restarts, **options)
        alone = [ranker.rank(GRAPH, restart, **options) for restart in restarts]
        assert_alike(ranker, together, alone)
    assert ranker.rank_many(GRAPH, []) == []


def test_more_walks_than_one_pass_takes_are_what_each_is_alone() -> None:
    ranker = PushRanker(threads=2)
    restarts = [Restart.of([seed]) for seed in range(150)]
    alone = [ranker.rank(GRAPH, restart, k=5) for restart in restarts]
    assert_alike(ranker, ranker.rank_many(GRAPH, restarts, k=5), alone)


def test_a_table_of_hubs_proves_the_same_with_fewer_edges() -> None:
    graph = power_law_graph(20_000, 200_000, random=np.random.default_rng(1))
    walks = [Restart.of([seed, seed + 1]) for seed in range(3, 30, 3)]
    touched = []
    for ranker in (PushRanker(), PushRanker(hubs=0)):
        ranked = ranker.rank_many(graph, walks, certain=True, tolerance=1e-4)
        assert all(found.certificate.is_certain for found in ranked)
        touched.append(sum(found.touched_edges for found in ranked))
    assert touched[0] < touched[1] / 2


def test_steepest_first_finds_the_same_with_fewer_edges() -> None:
    graph = power_law_graph(20_000, 200_000, random=np.random.default_rng(1))
    walk = Restart.of([3, 4, 5])
    arrival, steepest = (PushRanker(epsilon=1e-6, order=order) for order in ORDERS)
    one, other = arrival.rank(graph, walk), steepest.rank(graph, walk)
    assert np.all(np.isin(one.rows[:50], other.rows))
    assert other.touched_edges < one.touched_edges


def test_threads_do_not_disturb_each_other(ranker: Ranker) -> None:
    restarts = [Restart.of([seed]) for seed in range(10)] * 3
    alone = [ranker.rank(GRAPH, restart, k=10) for restart in restarts[:10]]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda restart: ranker.rank(GRAPH, restart, k=10), restarts))
    assert_alike(ranker, found, alone * 3)


def test_a_view_is_ranked_as_the_graph_without_the_nodes_that_it_lacks(ranker: Ranker) -> None:
    present = np.ones(GRAPH.n_nodes, np.bool_)
    present[np.argsort(-GRAPH.strengths)[:50]] = False
    whole = GRAPH.matrix().toarray()
    whole[~present] = whole[:, ~present] = 0.0
    seeds = np.flatnonzero(present)[[3, 30, 300]]
    case = Case(whole, Restart.of(seeds), 0.5, 100, None)
    ranked = ranker.rank(GRAPH.view(present), case.restart, certain=True)
    assert_proven(ranked, case)


def test_rows_written_anew_behind_the_others_are_the_rows(ranker: Ranker) -> None:
    old = GRAPH.indptr[:-1]
    moved = np.arange(GRAPH.n_nodes) % 3 == 0  # to the end, what stood there left behind
    lengths = np.diff(GRAPH.indptr)
    behind = GRAPH.n_edges + np.cumsum(np.where(moved, lengths, 0)) - np.where(moved, lengths, 0)
    at = np.concatenate(
        [np.arange(a, a + n) for a, n in zip(old[moved], lengths[moved], strict=True)]
    )
    indices, weights = GRAPH.indices.copy(), GRAPH.weights.copy()
    indices[at], weights[at] = 7, 9.0
    starts = np.where(moved, behind, old)
    graph = CsrGraph(
        np.append(starts, 0),
        np.concatenate((indices, GRAPH.indices[at])),
        np.concatenate((weights, GRAPH.weights[at])),
        GRAPH.strengths,
        is_symmetric=True,
        ends=starts + lengths,
    )
    for certain in (False, True):
        expected = ranker.rank(GRAPH, Restart.of([1, 2]), certain=certain)
        found = ranker.rank(graph, Restart.of([1, 2]), certain=certain)
        assert_alike(ranker, [found], [expected])


def test_a_graph_that_may_not_be_written_to_is_ranked(ranker: Ranker) -> None:
    frozen = [a.copy() for a in (GRAPH.indptr, GRAPH.indices, GRAPH.weights, GRAPH.strengths)]
    for array in frozen:
        array.flags.writeable = False
    graph = CsrGraph(*frozen, is_symmetric=True)
    expected = ranker.rank(GRAPH, Restart.of([1]))
    assert_alike(ranker, [ranker.rank(graph, Restart.of([1]))], [expected])


@pytest.mark.parametrize(
    "options", [{"k": 0}, {"damping": 1.0}, {"damping": -0.1}, {"tolerance": -1.0}]
)
def test_options_out_of_range_are_refused(ranker: Ranker, options: dict[str, float]) -> None:
    with pytest.raises(InvalidInputError):
        ranker.rank(GRAPH, Restart.of([0]), **options)
    with pytest.raises(InvalidInputError):
        ranker.rank_many(GRAPH, [Restart.of([0])], **options)


def test_a_restart_out_of_the_graph_is_refused(ranker: Ranker) -> None:
    with pytest.raises(InvalidInputError, match="row 3000"):
        ranker.rank(GRAPH, Restart.of([3000]))
