"""graphmem: a graph-based knowledge memory engine.

>>> from graphmem import Memory
>>> with Memory.open("./mem") as memory:  # doctest: +SKIP
...     memory.add("Ann joined Acme in 2021.", source="note:1")
...     memory.search("Who joined Acme?")
"""

from graphmem.aio import AsyncMemory
from graphmem.errors import GraphMemError
from graphmem.memory import Memory
from graphmem.model.change import AddReport, Counts, Stats
from graphmem.model.knowledge import Entity, Fact
from graphmem.model.retrieval import Context, Filter, Hit, Mode
from graphmem.model.source import Episode, EpisodeKind, Message, Passage, SourceItem
from graphmem.settings import Settings

__all__ = [
    "AddReport",
    "AsyncMemory",
    "Context",
    "Counts",
    "Entity",
    "Episode",
    "EpisodeKind",
    "Fact",
    "Filter",
    "GraphMemError",
    "Hit",
    "Memory",
    "Message",
    "Mode",
    "Passage",
    "Settings",
    "SourceItem",
    "Stats",
]
