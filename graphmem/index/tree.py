"""The memory's tree: leaves by name over the compiled one, with room that grows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from graphmem.errors import InvalidInputError
from graphmem.kernels import memtree
from graphmem.kernels.arrays import Floats, Ints
from graphmem.kernels.memtree import FREE, LEAVES, NO_NODE, ROOT, SERIAL, USED, State

_FIRST_ROOM: Final = 256
_LEAP: Final = 8
_LARGE: Final = 1 << 17
"""Rows from which arrays grow twofold; below that, eightfold."""
_PATH_ROOM: Final = 8
"""Nodes that an insertion may make at most, and some."""
_RESERVE: Final = 2
"""How much above the allowed depth a leaf stops on its way down: drawing together adds to it."""


class Branch(NamedTuple):
    """A node as it is kept: its number, that of its parent (`None` for the root) and its children.

    A child is a node's number, or the name of a leaf.
    """

    serial: int
    parent: int | None
    children: tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """What can be said of a tree: `facts` are those beneath its leaves, and `height` counts the
    nodes from the root to the deepest leaf."""

    leaves: int
    facts: int
    nodes: int
    height: int


class Tree:
    """A tree over named unit vectors; the same names and vectors in one order give the same tree.

    A leaf has facts beneath it, that are stated there: they have no vector of their own, and are
    where it is. Insertion costs the logarithm of the leaves, over many; see
    :mod:`graphmem.kernels.memtree`.
    """

    def __init__(self, dimension: int, *, next_serial: int = 1) -> None:
        self.dimension = dimension
        self._state = memtree.empty_state(
            leaves=_FIRST_ROOM, nodes=_FIRST_ROOM, dimension=dimension
        )
        # No number is given twice, not even to another tree of the same memory.
        self._state.serials[0] = next_serial
        self._state.counters[SERIAL] = next_serial + 1
        self._row_of: dict[str, int] = {}
        self._names: list[str | None] = []
        self._free: list[int] = []
        self._facts: dict[str, tuple[str, ...]] = {}
        self.rebuilt = 0

    def __len__(self) -> int:
        return len(self._row_of)

    def __contains__(self, name: str) -> bool:
        return name in self._row_of

    @property
    def names(self) -> set[str]:
        """The leaves that it holds."""
        return set(self._row_of)

    @property
    def next_serial(self) -> int:
        """The number that the next node gets."""
        return int(self._state.counters[SERIAL])

    def insert(self, name: str, vector: Floats) -> None:
        """Add a leaf; `vector` is of shape (dimension,) and length 1.

        Raises
        ------
        InvalidInputError
            The name is taken, or the vector has another shape or is not of unit length.
        """
        if name in self._row_of:
            raise InvalidInputError(f"The tree holds {name!r} already")
        if vector.shape != (self.dimension,):
            raise InvalidInputError(
                f"{name!r}: a vector of shape {vector.shape}, not ({self.dimension},)"
            )
        length = float(np.linalg.norm(vector))
        if not abs(length - 1.0) < 0.01:
            raise InvalidInputError(f"{name!r}: a vector of length {length:.3f}, not 1")
        row = self._new_leaf(name)
        self._state.vectors[row] = memtree.whole(vector[None])[0]
        self._make_room(_PATH_ROOM)
        limit = memtree.deepest_allowed(len(self))
        memtree.insert(self._state, row, limit - _RESERVE)
        if self._state.heights[self._state.counters[ROOT]] > limit:
            self._flatten()

    def remove(self, name: str) -> None:
        """Take a leaf out; raises `InvalidInputError` for one that is not there."""
        row = self._row_of.pop(name, None)
        if row is None:
            raise InvalidInputError(f"The tree holds no {name!r}")
        memtree.remove(self._state, row)
        self._names[row] = None
        self._free.append(row)
        self._facts.pop(name, None)

    def put_beneath(self, name: str, facts: Sequence[str]) -> None:
        """Have these facts beneath a leaf, and no others.

        What is above it has changed if they are not those that it had. Raises `InvalidInputError`
        for a leaf that is not there.
        """
        row = self._row_of.get(name)
        if row is None:
            raise InvalidInputError(f"The tree holds no {name!r}")
        now = tuple(facts)
        if now != self._facts.get(name, ()):
            self._facts[name] = now
            memtree.touch(self._state, row)

    def facts_of(self, name: str) -> tuple[str, ...]:
        """The facts beneath a leaf, in their order."""
        return self._facts.get(name, ())

    @property
    def has_changed(self) -> bool:
        """Whether something changed since :meth:`take_touched` was last called."""
        state = self._state
        used = int(state.counters[USED])
        return bool(np.any(state.touched[:used] & (state.sizes[:used] > 0)))

    def leaves_below(self, serial: int) -> list[str]:
        """The leaves under a node, in the order of the tree."""
        return [self._name(row) for row in memtree.leaves_below(self._state, self._node(serial))]

    def speakers(self, serial: int, limit: int) -> list[str]:
        """Leaves that speak for a node: of each child as many as its share, the nearest to it.

        At most `limit`, and one at least of each child as long as there is room.
        """
        state, node = self._state, self._node(serial)
        children = memtree.children_of(state, node)
        sizes = np.array([state.sizes[c] if c >= 0 else 1 for c in children], np.float64)
        found: list[str] = []
        for at in np.argsort(-sizes, kind="stable")[:limit].tolist():
            child = children[at]
            if child < 0:
                found.append(self._name(-1 - child))
                continue
            room = max(1, int(limit * sizes[at] / sizes.sum()))
            rows = memtree.leaves_below(state, child)
            likeness = state.vectors[rows].astype(np.int64) @ state.directions[child]
            best = np.argsort(-likeness, kind="stable")[:room]
            found += [self._name(int(rows[row])) for row in best]
        return found[:limit]

    def shape(self) -> Shape:
        """How large and how deep it is."""
        root = int(self._state.counters[ROOT])
        nodes = int(self._state.counters[USED] - self._state.counters[FREE])
        facts = sum(map(len, self._facts.values()))
        return Shape(len(self), facts, nodes, int(self._state.heights[root]))

    def branches(self) -> Iterator[Branch]:
        """All nodes, each before those below it."""
        state = self._state
        stack = [int(state.counters[ROOT])]
        while stack:
            node = stack.pop()
            parent = int(state.parents[node])
            codes = [int(code) for code in state.children[node, : state.fans[node]]]
            children = tuple(
                int(state.serials[code]) if code >= 0 else self._name(-1 - code) for code in codes
            )
            above = None if parent == NO_NODE else int(state.serials[parent])
            yield Branch(int(state.serials[node]), above, children)
            stack.extend(code for code in reversed(codes) if code >= 0)

    def directions(self) -> tuple[Ints, Floats]:
        """Numbers of all nodes, rising, and the unit vectors of what they hold, shape (m, d)."""
        state = self._state
        rows = np.flatnonzero(state.sizes[: state.counters[USED]] > 0)
        rows = rows[np.argsort(state.serials[rows])]
        vectors = state.directions[rows].astype(np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return state.serials[rows], vectors / np.maximum(lengths, 1e-9)

    def take_touched(self) -> set[int]:
        """Numbers of the nodes below which something changed since this was last asked."""
        state = self._state
        used = slice(0, int(state.counters[USED]))
        rows = np.flatnonzero(state.touched[used] & (state.sizes[used] > 0))
        state.touched[used] = False
        return {int(serial) for serial in state.serials[rows]}

    @classmethod
    def restored(
        cls,
        dimension: int,
        branches: Sequence[Branch],
        vectors: Mapping[str, Floats],
        *,
        next_serial: int,
        facts: Mapping[str, Sequence[str]] | None = None,
    ) -> Tree:
        """The tree that was kept as `branches`, less the leaves that have no vector any more.

        `facts` are those beneath its leaves, by name.

        Sums are reckoned from the leaves, which is exact, so it goes on as if it never had stopped.

        Raises
        ------
        InvalidInputError
            The branches are no tree: none is the root, a child is missing or held twice.
        """
        tree = cls(dimension)
        kept = _pruned(branches, vectors)
        if kept:
            tree._restore(kept, vectors)
        tree._state.counters[SERIAL] = max(next_serial, 1)
        for name, own in (facts or {}).items():
            if name in tree:
                tree._facts[name] = tuple(own)
        return tree

    def _restore(self, branches: Sequence[Branch], vectors: Mapping[str, Floats]) -> None:
        row_of = {branch.serial: row for row, branch in enumerate(branches)}
        leaves = [c for b in branches for c in b.children if isinstance(c, str)]
        below = [c for b in branches for c in b.children if not isinstance(c, str)]
        roots = [branch.serial for branch in branches if branch.parent is None]
        if (
            len(roots) != 1
            or len(set(leaves)) < len(leaves)
            or sorted([*below, *roots]) != sorted(row_of)
            or any(len(branch.children) > memtree.FAN for branch in branches)
        ):
            raise InvalidInputError("What is kept of the tree is none", remedy="Build it anew")
        self._make_room(len(branches) + _PATH_ROOM)
        for name in leaves:
            row = self._new_leaf(name)
            self._state.vectors[row] = memtree.whole(vectors[name][None])[0]
        state = self._state
        state.counters[ROOT], state.counters[USED] = row_of[roots[0]], len(branches)
        for row, branch in enumerate(branches):
            state.serials[row] = branch.serial
            state.fans[row] = len(branch.children)
            for at, child in enumerate(branch.children):
                if isinstance(child, str):
                    leaf = self._row_of[child]
                    state.children[row, at], state.homes[leaf] = -1 - leaf, row
                else:
                    state.children[row, at] = row_of[child]
                    state.parents[row_of[child]] = row
        self._sum_up(state)

    def _sum_up(self, state: State) -> None:
        order: list[int] = []
        stack = [int(state.counters[ROOT])]
        while stack:
            node = stack.pop()
            order.append(node)
            stack.extend(int(c) for c in state.children[node, : state.fans[node]] if c >= 0)
        for node in reversed(order):
            state.sums[node], state.sizes[node], height = 0, 0, 0
            for child in map(int, state.children[node, : state.fans[node]]):
                if child < 0:
                    state.sums[node] += state.vectors[-1 - child]
                    state.sizes[node] += 1
                else:
                    state.sums[node] += state.sums[child]
                    state.sizes[node] += state.sizes[child]
                    height = max(height, int(state.heights[child]))
            state.heights[node] = height + 1
            memtree.turn(state, node)
        state.counters[LEAVES] = len(self._row_of)

    def _flatten(self) -> None:
        """Build too deep parts anew until there is none."""
        while True:
            node = memtree.too_deep(self._state)
            if node == NO_NODE:
                return
            pieces = memtree.take_apart(self._state, node)
            self._make_room(len(pieces) + _PATH_ROOM)
            memtree.put_together(self._state, node, pieces)
            self.rebuilt += len(pieces)

    def _node(self, serial: int) -> int:
        used = slice(0, int(self._state.counters[USED]))
        is_it = (self._state.serials[used] == serial) & (self._state.fans[used] > 0)
        if not is_it.any():
            raise InvalidInputError(f"The tree has no node {serial}")
        return int(np.argmax(is_it))

    def _name(self, row: int) -> str:
        name = self._names[row]
        assert name is not None
        return name

    def _new_leaf(self, name: str) -> int:
        if self._free:
            row = self._free.pop()
            self._names[row] = name
        else:
            row = len(self._names)
            self._names.append(name)
            if row >= len(self._state.homes):
                self._state = self._state._replace(
                    vectors=_longer(self._state.vectors), homes=_longer(self._state.homes)
                )
        self._row_of[name] = row
        return row

    def _make_room(self, nodes: int) -> None:
        state = self._state
        while state.counters[USED] + nodes > len(state.sizes):
            fields: Iterable[str] = (
                *("sums", "directions", "sizes", "heights", "parents", "serials", "touched"),
                *("fans", "children", "free"),
            )
            state = state._replace(**{name: _longer(getattr(state, name)) for name in fields})
        self._state = state


def _pruned(branches: Sequence[Branch], held: Collection[str]) -> list[Branch]:
    """The branches with leaves that are `held` only: one child takes its node's place, none its
    node away. The root stays; what is no tree is left for whoever puts it together to find."""
    by_serial = {branch.serial: branch for branch in branches}
    roots = [branch for branch in branches if branch.parent is None]
    if len(roots) != 1:
        return list(branches)
    order: list[Branch] = []
    pending = list(roots)
    while pending and len(order) <= len(branches):
        branch = pending.pop()
        order.append(branch)
        pending += [by_serial[c] for c in branch.children if c in by_serial]
    standing: dict[int, list[int | str]] = {}
    left: dict[int, list[int | str]] = {}
    for branch in reversed(order):
        children: list[int | str] = []
        for child in branch.children:
            if isinstance(child, str):
                children += [child] if child in held else []
            else:
                children += standing.get(child, [child])
        if len(children) > 1 or branch.parent is None:
            left[branch.serial], standing[branch.serial] = children, [branch.serial]
        else:
            standing[branch.serial] = children
    parents = {c: serial for serial, own in left.items() for c in own if not isinstance(c, str)}
    return [
        Branch(branch.serial, parents.get(branch.serial), tuple(left[branch.serial]))
        for branch in order
        if branch.serial in left
    ]


def _longer(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Longer, what is new zero: memory is taken only where it is written to.

    Small ones grow by much, so that what is moved for one insertion stays small for long.
    """
    times = _LEAP if len(array) < _LARGE else 2
    made = np.zeros((times * len(array), *array.shape[1:]), array.dtype)
    made[: len(array)] = array
    return made
