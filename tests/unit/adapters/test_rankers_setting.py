"""Which ranker walks a memory's graph is a setting."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmem import Memory, SourceItem
from graphmem.build import load_settings, make_ranker
from graphmem.errors import ConfigurationError

TEXTS = [
    "Ines Prado founded Brightwater in Lisbon.",
    "Brightwater built the ferry Alba.",
    "The ferry Alba sails to Madeira.",
    "Tea grows on hills.",
]


def test_any_ranker_that_is_named_walks_the_graph(tmp_path: Path) -> None:
    found = {}
    for kind in ("auto", "push", "scipy", "igraph"):
        settings = load_settings(ranker=kind, workers=0, depth="fast")
        assert make_ranker(settings.ranker).name == kind
        with Memory.open(tmp_path / "memory", settings=settings) as memory:
            if not found:
                list(memory.add_many(SourceItem(source=text[:9], text=text) for text in TEXTS))
            found[kind] = [hit.text for hit in memory.search("Where does Brightwater's ferry go?")]
    assert found["auto"][0] in TEXTS[1:3]
    assert all(hits == found["auto"] for hits in found.values())


def test_a_ranker_that_there_is_not_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="GRAPHMEM_RANKER='fast'"):
        load_settings(ranker="fast")
