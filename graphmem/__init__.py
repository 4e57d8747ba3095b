"""graphmem: a graph-based knowledge memory engine.

>>> from graphmem import Memory
>>> with Memory.open("./mem") as memory:  # doctest: +SKIP
...     memory.add("Ann joined Acme in 2021.", source="note:1")
...     memory.search("Who joined Acme?")

Names are imported when they are first used, so that a process that needs one part (a worker that
reads passages) does not load the others.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphmem.aio import AsyncMemory
    from graphmem.errors import GraphMemError
    from graphmem.memory import Memory
    from graphmem.model.change import AddReport, Counts, Stats
    from graphmem.model.forgetting import Policy
    from graphmem.model.knowledge import Entity, Fact
    from graphmem.model.retrieval import Answer, Context, Filter, Hit, Mode
    from graphmem.model.source import Episode, EpisodeKind, Message, Passage, SourceItem
    from graphmem.model.transfer import ExportReport, ImportReport
    from graphmem.settings import Settings

__all__ = [
    "AddReport",
    "Answer",
    "AsyncMemory",
    "Context",
    "Counts",
    "Entity",
    "Episode",
    "EpisodeKind",
    "ExportReport",
    "Fact",
    "FactFilter",
    "Filter",
    "GraphMemError",
    "Hit",
    "ImportReport",
    "Memory",
    "Message",
    "Mode",
    "Passage",
    "Policy",
    "Settings",
    "SourceItem",
    "Stats",
]

_HOME = {
    "AddReport": "graphmem.model.change",
    "Answer": "graphmem.model.retrieval",
    "AsyncMemory": "graphmem.aio",
    "Context": "graphmem.model.retrieval",
    "Counts": "graphmem.model.change",
    "Entity": "graphmem.model.knowledge",
    "Episode": "graphmem.model.source",
    "EpisodeKind": "graphmem.model.source",
    "ExportReport": "graphmem.model.transfer",
    "Fact": "graphmem.model.knowledge",
    "FactFilter": "graphmem.model.retrieval",
    "Filter": "graphmem.model.retrieval",
    "GraphMemError": "graphmem.errors",
    "Hit": "graphmem.model.retrieval",
    "ImportReport": "graphmem.model.transfer",
    "Memory": "graphmem.memory",
    "Message": "graphmem.model.source",
    "Mode": "graphmem.model.retrieval",
    "Passage": "graphmem.model.source",
    "Policy": "graphmem.model.forgetting",
    "Settings": "graphmem.settings",
    "SourceItem": "graphmem.model.source",
    "Stats": "graphmem.model.change",
}


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
