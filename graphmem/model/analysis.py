"""What a memory's graph says of its entities: how central each is, and with whom it belongs."""

from __future__ import annotations

from graphmem.model.base import Value


class Standing(Value):
    """Where an entity stands among those that share facts.

    `pagerank` sums to 1 over all of them; `degree` counts the facts that it shares, once for each
    other member; `component` and `community` are numbers, 0 for the largest.
    """

    id: str
    name: str
    pagerank: float
    degree: int
    component: int
    community: int


class Analysis(Value):
    """Standings, the most central first, and what computed them.

    An entity that shares no fact that is believed is not among them.
    """

    engine: str
    entities: tuple[Standing, ...]
    components: int
    communities: int
