"""Tensors are read out of an ONNX file as the format's own encoding has them."""

from __future__ import annotations

import numpy as np
import pytest

from graphmem.adapters.embedders.onnx_weights import initializers
from graphmem.adapters.embedders.word_table import WordTable


def varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def tensor(name: str, values: np.ndarray, kind: int, *, packed: bool) -> bytes:
    shape = (
        field(1, b"".join(map(varint, values.shape)))
        if packed
        else b"".join(field(1, size) for size in values.shape)
    )
    return shape + field(2, kind) + field(8, name.encode()) + field(9, values.tobytes())


@pytest.mark.parametrize("packed", [True, False])
def test_tensors_come_with_their_names_shapes_and_values(packed: bool) -> None:
    floats = np.arange(300, dtype="<f4").reshape(150, 2)
    small = np.arange(6, dtype=np.uint8).reshape(2, 3)
    graph = field(2, b"name") + b"".join(
        field(5, tensor(name, values, kind, packed=packed))
        for name, values, kind in (("words", floats, 1), ("quantised", small, 2))
    )
    found = dict(initializers(field(1, 8) + field(7, graph) + field(8, b"opset")))
    assert list(found) == ["words", "quantised"]
    np.testing.assert_array_equal(found["words"], floats)
    np.testing.assert_array_equal(found["quantised"], small)


def test_a_tensor_of_a_type_not_read_here_is_passed_over() -> None:
    graph = field(5, tensor("ids", np.arange(4), 7, packed=True))
    assert list(initializers(field(7, graph))) == []


@pytest.mark.parametrize("data", [b"\x3a\xff", b"\x3b", b"\x3a\x05ab", b"\xff" * 3])
def test_what_is_no_protocol_buffer_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no protocol buffer"):
        list(initializers(data))


def test_a_word_is_the_mean_of_its_pieces_less_what_all_share() -> None:
    table = np.array([[1, 0], [0, 1], [2, 2], [1, 1]], np.uint8)
    vectors = WordTable(table).vectors([[0], [0, 1], []])
    centred = table - table.mean(axis=0)
    for vector, expected in zip(vectors, (centred[0], centred[0] + centred[1]), strict=False):
        np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), atol=1e-6)
    assert not vectors[2].any()
