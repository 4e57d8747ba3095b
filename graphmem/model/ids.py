"""Content-addressed identifiers: the same content has the same id in every store."""

from __future__ import annotations

from enum import StrEnum
from hashlib import blake2b


class Kind(StrEnum):
    """What an id names; its value is the id's prefix."""

    EPISODE = "ep"
    PASSAGE = "pa"
    ENTITY = "en"
    FACT = "fa"
    SUMMARY = "su"
    COMMUNITY = "co"


def content_id(kind: Kind, *parts: str) -> str:
    """``prefix_`` and 32 hexadecimal digits of BLAKE2b over the length-prefixed `parts`."""
    return f"{kind.value}_{digest(*parts)}"


def version_id(fact_id: str, number: int) -> str:
    """The id of a fact's version; its `number` is how many of it there are before."""
    return content_id(Kind.FACT, fact_id, "version", str(number))


def digest(*parts: str) -> str:
    """128 bits of BLAKE2b over the length-prefixed `parts`, as 32 hexadecimal digits."""
    state = blake2b(digest_size=16)
    for part in parts:
        data = part.encode()
        state.update(len(data).to_bytes(8, "little"))
        state.update(data)
    return state.hexdigest()
