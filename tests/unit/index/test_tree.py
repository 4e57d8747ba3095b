"""The online tree: what every state of it promises, held against the leaves themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmem.errors import InvalidInputError
from graphmem.index.tree import Branch, Tree
from graphmem.kernels.arrays import Floats
from graphmem.kernels.memtree import FAN, deepest_allowed

D = 16


def unit(vectors: np.ndarray) -> Floats:  # type: ignore[type-arg]
    found = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(found, np.float32)


def scattered(n: int, seed: int = 0) -> Floats:
    return unit(np.random.default_rng(seed).normal(size=(n, D)))


def clustered(n: int, seed: int = 0, kinds: int = 6) -> Floats:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(kinds, D))
    return unit(centres[rng.integers(0, kinds, n)] + 0.3 * rng.normal(size=(n, D)) + 1.0)


def alike(n: int) -> Floats:
    return unit(np.ones((n, D)))


def on_a_line(n: int) -> Floats:
    a, b = np.random.default_rng(1).normal(size=(2, D))
    t = np.linspace(0, 1, n)[:, None]
    return unit((1 - t) * a + t * b)


def grown(vectors: Floats, names: Sequence[str] | None = None) -> Tree:
    tree = Tree(D)
    for at, vector in enumerate(vectors):
        tree.insert(names[at] if names else str(at), vector)
    return tree


def checked(tree: Tree, vectors: dict[str, Floats]) -> dict[int, Branch]:
    """Its branches, after asking them for all that is promised of a tree."""
    branches = {branch.serial: branch for branch in tree.branches()}
    [root] = [branch for branch in branches.values() if branch.parent is None]
    held: dict[int, list[str]] = {}

    def below(serial: int, depth: int) -> int:
        branch = branches[serial]
        assert len(branch.children) <= FAN
        assert len(branch.children) >= 2 or branch is root
        deepest, held[serial] = 1, []
        for child in branch.children:
            if isinstance(child, str):
                held[serial].append(child)
                continue
            assert branches[child].parent == serial
            deepest = max(deepest, 1 + below(child, depth + 1))
            held[serial] += held[child]
        return deepest

    height = below(root.serial, 0)
    assert len(held) == len(branches)
    assert sorted(held[root.serial]) == sorted(vectors)
    assert tree.shape().height == height
    assert height <= deepest_allowed(len(vectors)) or len(vectors) < 2
    serials, directions = tree.directions()
    for serial, direction in zip(serials.tolist(), directions, strict=True):
        if held[serial]:
            middle = np.sum([vectors[name] for name in held[serial]], axis=0)
            if np.linalg.norm(middle) > 0.1:
                assert direction @ (middle / np.linalg.norm(middle)) > 0.999
        assert sorted(tree.leaves_below(serial)) == sorted(held[serial])
    return branches


@pytest.mark.parametrize("vectors", [scattered(400), clustered(400), alike(400), on_a_line(400)])
def test_every_leaf_is_there_once_and_no_part_is_wide_or_deep(vectors: Floats) -> None:
    tree = Tree(D)
    held: dict[str, Floats] = {}
    for at, vector in enumerate(vectors):
        tree.insert(str(at), vector)
        held[str(at)] = vector
        if at < 40 or at % 80 == 79:
            checked(tree, held)


def test_the_height_follows_the_logarithm_of_the_leaves() -> None:
    heights = [grown(clustered(n)).shape().height for n in (64, 512, 4096)]
    assert heights == sorted(heights)
    assert heights[-1] <= 4 + math.log2(4096)
    assert heights[-1] - heights[0] <= 9


@pytest.mark.parametrize("vectors", [alike(3000), on_a_line(3000)])
def test_no_single_insertion_builds_much_anew(vectors: Floats) -> None:
    tree, most = Tree(D), 0
    for at, vector in enumerate(vectors):
        before = tree.rebuilt
        tree.insert(str(at), vector)
        most = max(most, tree.rebuilt - before)
    assert tree.rebuilt > 0  # these do grow too deep
    assert most < 150
    assert tree.rebuilt < len(vectors) / 2
    checked(tree, {str(at): vector for at, vector in enumerate(vectors)})


def test_facts_stand_beneath_their_leaf_and_change_what_is_above_it() -> None:
    vectors = clustered(300)
    tree = grown(vectors)
    tree.take_touched()
    tree.put_beneath("7", ["f1", "f2"])
    above = [b for b in tree.branches() if "7" in tree.leaves_below(b.serial)]
    assert tree.take_touched() == {branch.serial for branch in above}
    assert len(above) > 2
    tree.put_beneath("7", ["f1", "f2"])
    assert not tree.has_changed
    assert (tree.facts_of("7"), tree.facts_of("8"), tree.shape().facts) == (("f1", "f2"), (), 2)
    held = {str(at): vector for at, vector in enumerate(vectors)}
    again = Tree.restored(
        D, list(tree.branches()), held, next_serial=tree.next_serial, facts={"7": ["f1", "f2"]}
    )
    assert (again.facts_of("7"), again.has_changed) == (("f1", "f2"), False)
    again.put_beneath("7", ["f2"])
    assert again.take_touched() == {branch.serial for branch in above}
    tree.remove("7")
    assert (tree.facts_of("7"), tree.shape().facts) == ((), 0)
    with pytest.raises(InvalidInputError, match="no '7'"):
        tree.put_beneath("7", ["f1"])


def test_an_insertion_changes_one_path_and_little_beside_it() -> None:
    vectors = clustered(2000)
    tree = grown(vectors[:1900])
    tree.take_touched()
    for at in range(1900, 2000):
        tree.insert(str(at), vectors[at])
        assert len(tree.take_touched()) <= tree.shape().height + 2
    assert not tree.has_changed


def test_the_same_leaves_in_the_same_order_make_the_same_tree() -> None:
    vectors = clustered(600)
    assert list(grown(vectors).branches()) == list(grown(vectors).branches())
    assert list(grown(vectors[::-1]).branches()) != list(grown(vectors).branches())


@pytest.mark.parametrize("vectors", [clustered(700), alike(700), on_a_line(700)])
def test_a_tree_that_was_kept_goes_on_as_if_it_never_had_stopped(vectors: Floats) -> None:
    whole, part = grown(vectors), grown(vectors[:500])
    again = Tree.restored(
        D,
        list(part.branches()),
        {str(at): vectors[at] for at in range(500)},
        next_serial=part.next_serial,
    )
    for at in range(500, 700):
        again.insert(str(at), vectors[at])
    # Only the order in which freed rows are used again may differ, and no number shows it.
    assert list(again.branches()) == list(whole.branches())


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_removal_leaves_a_tree_of_the_rest(data: st.DataObject) -> None:
    n = data.draw(st.integers(2, 90))
    vectors = clustered(n, seed=data.draw(st.integers(0, 50)))
    tree, held = grown(vectors), {str(at): vectors[at] for at in range(n)}
    for at in data.draw(st.permutations(range(n)))[: data.draw(st.integers(1, n))]:
        tree.remove(str(at))
        del held[str(at)]
    if held:
        checked(tree, held)
    assert tree.names == held.keys()
    tree.insert("new", vectors[0])
    checked(tree, {**held, "new": vectors[0]})


def test_a_kept_tree_without_some_of_its_leaves_is_one_of_the_rest() -> None:
    vectors = clustered(300)
    tree = grown(vectors)
    held = {str(at): vectors[at] for at in range(300) if at % 3}
    left = Tree.restored(D, list(tree.branches()), held, next_serial=tree.next_serial)
    branches = checked(left, held)
    assert branches.keys() <= {branch.serial for branch in tree.branches()}
    nothing = Tree.restored(D, list(tree.branches()), {}, next_serial=tree.next_serial)
    assert len(nothing) == 0
    nothing.insert("1", vectors[1])
    checked(nothing, {"1": vectors[1]})


def test_like_leaves_stand_together() -> None:
    """Of 6 kinds, a leaf's nearest relatives in the tree are of its own kind."""
    rng = np.random.default_rng(3)
    kinds = rng.integers(0, 6, 600)
    vectors = unit(rng.normal(size=(6, D))[kinds] * 2 + 0.5 * rng.normal(size=(600, D)))
    tree = grown(vectors)
    same = pairs = 0
    for branch in tree.branches():
        leaves = [int(child) for child in branch.children if isinstance(child, str)]
        if branch.parent is not None:
            same += sum(kinds[a] == kinds[b] for a in leaves for b in leaves if a < b)
            pairs += len(leaves) * (len(leaves) - 1) // 2
    assert same / pairs > 0.9  # 1 in 6 by chance


def test_who_speaks_for_a_node_is_near_its_middle_and_from_all_of_its_parts() -> None:
    vectors = clustered(500)
    tree = grown(vectors)
    [root] = [branch for branch in tree.branches() if branch.parent is None]
    spoken = tree.speakers(root.serial, 12)
    assert len(spoken) == len(set(spoken)) <= 12
    parts = [set(tree.leaves_below(c)) for c in root.children if not isinstance(c, str)]
    assert sum(bool(part & set(spoken)) for part in parts) >= min(len(parts), 6)


@pytest.mark.parametrize(
    ("name", "vector", "said"),
    [
        ("0", np.eye(D, dtype=np.float32)[0], "already"),
        ("x", np.ones(3, np.float32), "shape"),
        ("x", np.zeros(D, np.float32), "length 0.000"),
        ("x", np.full(D, np.nan, np.float32), "length nan"),
    ],
)
def test_what_is_no_leaf_is_refused_by_name(name: str, vector: Floats, said: str) -> None:
    tree = grown(scattered(3))
    with pytest.raises(InvalidInputError, match=said):
        tree.insert(name, vector)
    assert len(tree) == 3
    with pytest.raises(InvalidInputError, match="no 'gone'"):
        tree.remove("gone")


def _leaf(branch: Branch) -> str:
    return next(child for child in branch.children if isinstance(child, str))


def test_branches_that_are_no_tree_are_refused() -> None:
    vectors = scattered(60)
    branches = list(grown(vectors).branches())
    held = {str(at): vector for at, vector in enumerate(vectors)}
    for wrong in (
        branches[1:],
        [
            branches[0]._replace(children=(*branches[0].children, _leaf(branches[-1]))),
            *branches[1:],
        ],
        [branches[0]._replace(children=(*branches[0].children, 12345)), *branches[1:]],
    ):
        with pytest.raises(InvalidInputError, match="is none"):
            Tree.restored(D, wrong, held, next_serial=100)
