"""What every embedder asks of its input."""

from __future__ import annotations

from collections.abc import Sequence

from graphmem.errors import InvalidInputError
from graphmem.kernels.text import well_formed


def checked(texts: Sequence[str]) -> list[str]:
    """`texts` with lone surrogates replaced, since tokenizers read UTF-8.

    Raises `InvalidInputError` for one string, which is a sequence of its letters, and for anything
    in it that is no string.
    """
    if isinstance(texts, str):
        raise InvalidInputError("Texts must be a list of strings, not one string")
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise InvalidInputError(f"Text {row} is a {type(text).__name__}, not a string")
    return [well_formed(text) for text in texts]
