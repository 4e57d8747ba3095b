"""Columns come back from disk as they went in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.graph.columns import Strings, load_table, save_table
from graphmem.kernels.arrays import Floats, Ints


@dataclass(frozen=True, slots=True)
class Inner:
    names: Strings


@dataclass(frozen=True, slots=True)
class Outer:
    inner: Inner
    weights: Floats
    nothing: Ints
    count: int


@given(values=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=9), max_size=9))
def test_strings_are_a_list(values: list[str]) -> None:
    packed = Strings.of(values)
    assert list(packed) == values
    assert [packed[i] for i in range(len(packed))] == values
    assert packed[1:3] == values[1:3]


def test_a_string_out_of_range_is_an_index_error() -> None:
    with pytest.raises(IndexError):
        Strings.of(["a"])[1]


def test_a_table_survives_the_disk(tmp_path: Path) -> None:
    table = Outer(
        Inner(Strings.of(["é", "", "\0"])), np.arange(3, dtype=np.float32), np.empty(0, np.int64), 7
    )
    numbers = save_table(tmp_path, table)
    back = load_table(Outer, tmp_path, numbers)
    assert list(back.inner.names) == ["é", "", "\0"]
    assert back.weights.tolist() == [0.0, 1.0, 2.0]
    assert back.nothing.shape == (0,)
    assert back.count == 7


def test_a_damaged_column_is_noticed(tmp_path: Path) -> None:
    table = Outer(Inner(Strings.of(["a"])), np.zeros(99, np.float32), np.zeros(1, np.int64), 1)
    numbers = save_table(tmp_path, table)
    (tmp_path / "weights.npy").write_bytes((tmp_path / "weights.npy").read_bytes()[:200])
    with pytest.raises((OSError, ValueError)):
        load_table(Outer, tmp_path, numbers)
