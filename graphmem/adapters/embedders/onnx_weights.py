"""Constant tensors of an ONNX file, read without a graph library.

ONNX is a protocol buffer: ``ModelProto.graph`` (7) holds ``GraphProto.initializer`` (5), each a
``TensorProto`` with `dims` (1), `data_type` (2), `name` (8) and `raw_data` (9), little-endian.
Only what a table of word vectors takes is read: https://onnx.ai/onnx/intro/concepts.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_GRAPH, _INITIALIZER = 7, 5
_DIMS, _DATA_TYPE, _NAME, _RAW_DATA = 1, 2, 8, 9
_DTYPES: Final[dict[int, np.dtype[Any]]] = {
    1: np.dtype("<f4"),
    2: np.dtype("u1"),
    3: np.dtype("i1"),
    10: np.dtype("<f2"),
}


def initializers(model: bytes) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Names and values of the tensors that are kept as raw bytes of a type read here.

    Raises
    ------
    ValueError
        The bytes are no protocol buffer, or a tensor's size is not that of its shape.
    """
    for number, graph in _fields(memoryview(model)):
        if number == _GRAPH and isinstance(graph, memoryview):
            for inner, tensor in _fields(graph):
                if inner == _INITIALIZER and isinstance(tensor, memoryview):
                    yield from _tensor(tensor)


def _tensor(tensor: memoryview) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    shape: list[int] = []
    dtype: np.dtype[Any] | None = None
    name, raw = "", None
    for number, value in _fields(tensor):
        if number == _DIMS:
            shape.extend([value] if isinstance(value, int) else _packed(value))
        elif number == _DATA_TYPE and isinstance(value, int):
            dtype = _DTYPES.get(value)
        elif number == _NAME and isinstance(value, memoryview):
            name = bytes(value).decode()
        elif number == _RAW_DATA and isinstance(value, memoryview):
            raw = value
    if dtype is not None and raw is not None:
        yield name, np.frombuffer(raw, dtype).reshape(shape)


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Fields of a message: whole numbers as they are, all else as bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        wire = key & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        if wire == 2:
            size, at = _varint(data, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ValueError(f"no protocol buffer: wire type {wire}")
        if at + size > len(data):
            raise ValueError("no protocol buffer: it ends within a field")
        yield key >> 3, data[at : at + size]
        at += size


def _packed(data: memoryview) -> Iterator[int]:
    at = 0
    while at < len(data):
        value, at = _varint(data, at)
        yield value


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise ValueError("no protocol buffer: it ends within a number")
