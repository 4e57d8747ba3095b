"""What rankers read and return: a frozen graph, where a walk restarts, and ranks with their bounds.

A walk that stands on a node follows one of its edges with probability ``damping``, chosen by
weight, and else restarts. What reaches a node without edges restarts too, as in igraph. A node's
score is the share of time that the walk spends there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from graphmem.errors import InvalidInputError
from graphmem.kernels.arrays import Doubles, Floats, Ints, Mask, Rows

DAMPING = 0.5
TOLERANCE = 1e-6
ABSENT = -1.0
"""Strength of a node that a view leaves out: no walk enters it, though edges to it are stored."""


@dataclass(frozen=True, slots=True)
class CsrGraph:
    """Out-edges of n nodes in CSR: at most 8 bytes an edge, and 16 a node.

    The arrays may be memory-mapped and are never written to. :meth:`of` and :meth:`from_matrix`
    check what they are given; the constructor believes it, as it should for a graph just opened.
    """

    indptr: Ints
    """Shape (n + 1,): where each node's edges begin; the last entry belongs to no node."""
    indices: Rows
    """Shape (m,): where each edge leads; ascending within a node."""
    weights: Floats | None
    """Shape (m,), finite and not negative; ``None`` where every edge weighs 1."""
    strengths: Doubles
    """Shape (n,): the weights of each node's edges added up; :data:`ABSENT` for a node that this
    view leaves out, whose edges then count for nobody."""
    is_symmetric: bool
    """Whether each edge is stored in both directions with one weight; bounds are then tighter."""
    ends: Ints | None = None
    """Shape (n,): where each node's edges end, in a graph that was updated: changed rows are then
    written anew behind all others. ``None`` where each row ends where the next begins."""

    @property
    def starts(self) -> Ints:
        """Shape (n,): where each node's edges begin."""
        return self.indptr[:-1]

    @property
    def row_ends(self) -> Ints:
        """Shape (n,): where each node's edges end."""
        return self.indptr[1:] if self.ends is None else self.ends

    @property
    def n_nodes(self) -> int:
        """Nodes."""
        return len(self.indptr) - 1

    @property
    def n_edges(self) -> int:
        """Stored edges; an edge of a symmetric graph is stored twice, a self-loop once."""
        return len(self.indices) if self.ends is None else int((self.ends - self.starts).sum())

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        weights = 0 if self.weights is None else self.weights.nbytes
        return self.indptr.nbytes + self.indices.nbytes + self.strengths.nbytes + weights

    @classmethod
    def of(
        cls,
        indptr: npt.NDArray[np.integer],
        indices: npt.NDArray[np.integer],
        weights: npt.NDArray[np.floating] | None = None,
        *,
        is_symmetric: bool,
    ) -> CsrGraph:
        """Check arrays as described above, but for the claim of symmetry, and add up strengths.

        Raises
        ------
        InvalidInputError
            Arrays that do not fit each other, a row out of range, a weight that is negative or not
            finite.
        """
        n = len(indptr) - 1
        if n < 0 or indptr[0] != 0 or indptr[-1] != len(indices) or np.any(np.diff(indptr) < 0):
            raise InvalidInputError(f"indptr does not rise from 0 to the {len(indices)} edges")
        if n >= 2**31 or (len(indices) and not 0 <= indices.min() <= indices.max() < n):
            raise InvalidInputError(f"An edge leads out of the {n} nodes")
        starts = np.ascontiguousarray(indptr, np.int64)
        if weights is None:
            return cls(
                starts,
                np.ascontiguousarray(indices, np.int32),
                None,
                np.diff(starts).astype(np.float64),
                is_symmetric,
            )
        if len(weights) != len(indices):
            raise InvalidInputError(f"{len(weights)} weights for {len(indices)} edges")
        single = np.ascontiguousarray(weights, np.float32)
        if not np.isfinite(single).all() or np.any(single < 0):
            raise InvalidInputError("A weight is negative or not finite")
        owners = np.repeat(np.arange(n), np.diff(starts))
        # Per node: differences of one running sum would lose digits, and miss 0.
        sums = np.asarray(np.bincount(owners, weights=single, minlength=n), np.float64)
        return cls(starts, np.ascontiguousarray(indices, np.int32), single, sums, is_symmetric)

    @classmethod
    def from_matrix(cls, matrix: sp.csr_matrix) -> CsrGraph:
        """From weights, shape (n, n), entry (i, j) of the edge from i to j; rounded to float32.

        Symmetry is found out. Duplicates are added up, zeros left out.
        """
        if matrix.shape[0] != matrix.shape[1]:
            raise InvalidInputError(f"Weights of shape {matrix.shape} are no graph")
        tidy = sp.csr_matrix(matrix, dtype=np.float32, copy=True)
        tidy.sum_duplicates()
        tidy.eliminate_zeros()
        tidy.sort_indices()
        is_symmetric = (tidy != tidy.T).nnz == 0
        weights = None if np.all(tidy.data == 1.0) else tidy.data
        return cls.of(tidy.indptr, tidy.indices, weights, is_symmetric=is_symmetric)

    def view(self, present: Mask) -> CsrGraph:
        """The graph of the nodes in `present`, shape (n,), and the edges between them; shares all
        but the strengths, which take one pass over the edges of those left out and of their
        neighbours, or over all edges where the graph is not symmetric."""
        from graphmem.kernels.rows import strengths_among

        strengths = strengths_among(
            self.starts,
            self.row_ends,
            self.indices,
            self.weights,
            self.strengths,
            present & (self.strengths >= 0),
            absent=ABSENT,
            is_symmetric=self.is_symmetric,
        )
        return replace(self, strengths=strengths)

    def packed(self) -> CsrGraph:
        """The same graph, each row ending where the next begins; itself where they do already."""
        if self.ends is None:
            return self
        lengths = self.ends - self.starts
        indptr = np.concatenate(([0], np.cumsum(lengths)))
        at = np.arange(indptr[-1]) + np.repeat(self.starts - indptr[:-1], lengths)
        weights = None if self.weights is None else self.weights[at]
        return replace(self, indptr=indptr, indices=self.indices[at], weights=weights, ends=None)

    def matrix(self) -> sp.csr_matrix:
        """Weights, shape (n, n), float64; edges of absent nodes are 0."""
        rows = self.packed()
        data = np.ones(self.n_edges) if rows.weights is None else rows.weights.astype(np.float64)
        shape = (self.n_nodes, self.n_nodes)
        whole = sp.csr_matrix((data, rows.indices, rows.indptr), shape=shape)
        present = self.strengths >= 0
        if present.all():
            return whole
        keep = sp.diags(present.astype(np.float64))
        return sp.csr_matrix(keep @ whole @ keep)


@dataclass(frozen=True, slots=True)
class Restart:
    """Where a walk restarts: `rows`, ascending and unique, with `weights` that add up to 1."""

    rows: Ints
    weights: Doubles

    @classmethod
    def of(
        cls, rows: Sequence[int] | npt.NDArray[np.integer], weights: npt.ArrayLike | None = None
    ) -> Restart:
        """Put in order and scaled; equal weights where none are given.

        Raises
        ------
        InvalidInputError
            No row, a negative row or weight, one that is not finite, or weights that are all zero.
        """
        given = np.asarray(rows)
        if given.ndim != 1 or (given.size and not np.issubdtype(given.dtype, np.integer)):
            raise InvalidInputError("Rows to restart from must be a list of whole numbers")
        shares = np.ones(len(given)) if weights is None else np.asarray(weights, np.float64)
        if shares.shape != given.shape:
            raise InvalidInputError(f"{shares.size} weights for {given.size} rows")
        if np.any(given < 0) or not np.isfinite(shares).all() or np.any(shares < 0):
            raise InvalidInputError("A row or a weight to restart from is negative or not finite")
        total = shares.sum()
        if not total > 0:
            raise InvalidInputError("A walk needs a row of positive weight to restart from")
        unique, places = np.unique(given.astype(np.int64), return_inverse=True)
        summed = np.asarray(np.bincount(places, weights=shares / total), np.float64)
        kept = summed > 0
        return cls(unique[kept], summed[kept])

    @classmethod
    def from_vector(cls, vector: Doubles) -> Restart:
        """From a weight for each node, shape (n,)."""
        rows = np.flatnonzero(vector)
        return cls.of(rows, vector[rows])

    def vector(self, n_nodes: int) -> Doubles:
        """A weight for each node, shape (n_nodes,)."""
        dense = np.zeros(n_nodes)
        dense[self.rows] = self.weights
        return dense


class Options(TypedDict, total=False):
    """What may be asked of a ranking; :meth:`graphmem.ports.ranker.Ranker.rank` tells what each is.

    For rankers that hand them on; who answers names them, with their defaults.
    """

    k: int
    damping: float
    tolerance: float
    certain: bool
    among: Mask | None


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is proven of the set of ranked rows, whatever their order.

    No row outside scores more than `rival`, and none inside less than `lowest`; so none outside is
    above one inside by more than ``rival - lowest``. `lowest` is 0 where fewer than k rows were
    returned: then every row outside scores `rival` at most.
    """

    lowest: float
    rival: float
    tolerance: float
    """Scores that differ by no more are counted as tied."""

    @property
    def is_certain(self) -> bool:
        """Whether these rows are the top k, ties within the tolerance counted equal."""
        return self.rival - self.lowest <= self.tolerance


@dataclass(frozen=True, slots=True)
class Ranked:
    """The best nodes by score, and how far each is proven."""

    rows: Ints
    """Shape (r,), r at most k: best first, ties by lower row; only rows that score above 0."""
    scores: Doubles
    """Shape (r,): each row's score."""
    errors: Doubles
    """Shape (r,): the exact score is within this of the score."""
    certificate: Certificate
    touched_edges: int
    """Edges that were followed, each as often as it was."""


def check_ranking(
    graph: CsrGraph, restarts: Sequence[Restart], *, k: int, damping: float, tolerance: float
) -> None:
    """Refuse what no ranker can answer.

    Raises
    ------
    InvalidInputError
        A restart out of the graph or its view, a `k` under 1, a `damping` out of [0, 1), or a
        negative `tolerance`.
    """
    if k < 1:
        raise InvalidInputError(f"k={k} is not 1 or more")
    if not 0.0 <= damping < 1.0:
        raise InvalidInputError(f"damping={damping} is not in [0, 1)")
    if not 0.0 <= tolerance < np.inf:
        raise InvalidInputError(f"tolerance={tolerance} is negative or not finite")
    for restart in restarts:
        if restart.rows[-1] >= graph.n_nodes:
            raise InvalidInputError(
                f"A walk restarts from row {restart.rows[-1]} of {graph.n_nodes} nodes"
            )
        absent = restart.rows[graph.strengths[restart.rows] < 0]
        if len(absent):
            raise InvalidInputError(f"A walk restarts from row {absent[0]}, which the view lacks")
