"""Who takes part in a comparison of rankers, by name: ours, and libraries that are installed.

Each is made by a function of its own, so that another process can make it by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from graphmem.adapters.peers import libraries
from graphmem.build import credentials, load_settings, make_ranker
from graphmem.evaluation.contenders import PeerContender, RankerContender
from graphmem.evaluation.ranking import Contender


def push() -> Contender:
    """Local push, until it is good enough for the top k."""
    return RankerContender("push", make_ranker("push"))


def push_steepest() -> Contender:
    """The same, steepest first."""
    from graphmem.adapters.rankers.push import PushRanker

    return RankerContender("push-steepest", PushRanker(order="steepness"))


def push_certain() -> Contender:
    """Local push, until the top k is proven."""
    return RankerContender("push-certain", make_ranker("push"), certain=True)


def power() -> Contender:
    """Our power iteration, which answers batches in blocks."""
    return RankerContender("power", make_ranker("scipy"))


def cupy() -> Contender:
    """Power iteration on a GPU; takes part only where there is one."""
    from graphmem.adapters.rankers.arrays import cupy_device

    return RankerContender("cupy", make_ranker("cupy"), requires=cupy_device)


def igraph() -> Contender:
    """The baseline."""
    return PeerContender(libraries.Igraph())


def scipy() -> Contender:
    """Power iteration, written plainly."""
    return PeerContender(libraries.Scipy())


def networkx() -> Contender:
    """For small graphs."""
    return PeerContender(libraries.Networkx())


def scikit_network() -> Contender:
    """Where it is installed."""
    return PeerContender(libraries.ScikitNetwork())


def fast_pagerank() -> Contender:
    """Where it is installed."""
    return PeerContender(libraries.FastPagerank())


def networkit() -> Contender:
    """Where it is installed."""
    return PeerContender(libraries.Networkit())


def gds(url: str) -> Contender:
    """Graph Data Science in the Neo4j at `url`, with the user and password of the settings."""
    from graphmem.adapters.peers.gds import Gds

    return Gds(url, credentials(load_settings()))


CONTENDERS: Final[Mapping[str, Callable[[], Contender]]] = {
    "igraph": igraph,
    "push": push,
    "push-steepest": push_steepest,
    "push-certain": push_certain,
    "power": power,
    "cupy": cupy,
    "scipy": scipy,
    "networkx": networkx,
    "scikit-network": scikit_network,
    "fast-pagerank": fast_pagerank,
    "networkit": networkit,
}
