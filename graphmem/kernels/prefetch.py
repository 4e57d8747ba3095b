"""A hint to the processor that an array's element will soon be read; numba has none of its own."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_READ, _KEEP, _DATA = 0, 3, 1


def _prefetch(_typing: Any, array: Any, _place: Any) -> Any:
    """``prefetch(array, place)``: begin to load a contiguous array's element, counted flat."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source = context.make_array(signature.args[0])(context, builder, arguments[0])
        pointer = builder.gep(source.data, [arguments[1]])
        number, anything = ir.IntType(32), ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [anything, number, number, number])
        function = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module, kind, "llvm.prefetch.p0"
        )
        hints = [number(hint) for hint in (_READ, _KEEP, _DATA)]
        builder.call(function, [builder.bitcast(pointer, anything), *hints])
        return context.get_dummy_value()

    return types.none(array, types.intp), generate


prefetch: Any = intrinsic(_prefetch)
