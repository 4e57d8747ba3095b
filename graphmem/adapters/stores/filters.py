"""Filters that every store applies alike, to what it reads of a passage."""

from __future__ import annotations

import json

from graphmem.model.retrieval import Filter, has_value


def has_attributes(text: str, where: Filter) -> bool:
    """Whether a passage's attributes (JSON) are those that are wanted."""
    if not where.attributes:
        return True
    held = json.loads(text)
    return all(has_value(held.get(name), value) for name, value in where.attributes.items())
