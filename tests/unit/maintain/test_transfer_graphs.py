"""Other tools see the same graph: GraphML read back, HIF by its schema, networkx and igraph."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import igraph
import networkx as nx
import pytest

from graphmem.adapters.graphs import igraph as to_igraph
from graphmem.adapters.graphs import networkx as to_networkx
from graphmem.maintain.transfer import export_memory, make_graph
from graphmem.model.change import ChangeSet
from graphmem.ports.store import GraphStore

EDGES = {
    ("ROLE", "fa_1", "en_1"): 2,
    ("ROLE", "fa_1", "en_2"): 1,
    ("ROLE", "fa_2", "en_2"): 1,
    ("DISCOURSE", "fa_2", "fa_1"): 2,
    ("SUPERSEDES", "fa_1", "fa_2"): 1,
    ("SAME_AS", "en_1", "en_2"): 1,
}
OF_PASSAGES = {
    ("HAS", "ep_1", "pa_1"): 1,
    ("HAS", "ep_1", "pa_3"): 1,
    ("HAS", "ep_1", "pa_4"): 1,
    ("HAS", "ep_2", "pa_2"): 1,
    ("MENTIONS", "pa_1", "en_1"): 1,
    ("MENTIONS", "pa_1", "en_2"): 1,
    ("MENTIONS", "pa_2", "en_1"): 1,
    ("MENTIONS", "pa_2", "en_2"): 1,
    ("EVIDENCE", "fa_1", "pa_2"): 1,
    ("EVIDENCE", "fa_1", "pa_3"): 1,
    ("EVIDENCE", "fa_2", "pa_2"): 1,
}
NODES = {
    **dict.fromkeys(("en_1", "en_2", "en_3"), "Entity"),
    **dict.fromkeys(("fa_1", "fa_2"), "Fact"),
}
ALL_NODES = {
    **NODES,
    **dict.fromkeys(("ep_1", "ep_2"), "Episode"),
    **dict.fromkeys(("pa_1", "pa_2", "pa_3", "pa_4"), "Passage"),
}


def edges_of(graph: Any) -> Counter[tuple[str, str, str]]:
    return Counter((data["edge_type"], s, t) for s, t, data in graph.edges(data=True))


def test_networkx_holds_every_node_and_edge(store: GraphStore, content: Any) -> None:
    graph = make_graph(store, "default", to_networkx.make, passages=True)
    assert isinstance(graph, nx.MultiDiGraph)
    assert dict(graph.nodes(data="node_label")) == ALL_NODES
    assert edges_of(graph) == EDGES | OF_PASSAGES
    changes, _ = content
    for fact in changes.facts:
        node = graph.nodes[fact.id]
        assert (node["text"], node["label"], node["strength"]) == (
            *(fact.text, fact.text, fact.strength),
        )
        assert node.get("attribution") == fact.attribution
        assert {
            (data["role"], data["ordinal"], data["text"], data.get("start"), target)
            for _, target, data in graph.edges(fact.id, data=True)
            if data["edge_type"] == "ROLE"
        } == {(m.role, m.ordinal, m.text, m.start, m.entity_id) for m in fact.members}
    assert "attribution" not in graph.nodes["fa_2"]
    passage = graph.nodes["pa_1"]
    assert json.loads(passage["attributes"]) == changes.passages[0].attributes
    assert passage["label"] == changes.passages[0].text[:80]


def test_without_passages_only_knowledge_is_left(store: GraphStore) -> None:
    graph = make_graph(store, "default", to_networkx.make, passages=False)
    assert dict(graph.nodes(data="node_label")) == NODES
    assert edges_of(graph) == EDGES


@pytest.mark.parametrize("passages", [True, False])
def test_igraph_is_the_same_graph_as_networkx(store: GraphStore, passages: bool) -> None:
    other = make_graph(store, "default", to_networkx.make, passages=passages)
    graph = make_graph(store, "default", to_igraph.make, passages=passages)
    assert graph.is_directed()
    names = graph.vs["name"]
    assert names == list(other.nodes)
    for vertex in graph.vs:
        given = {
            name: value
            for name, value in vertex.attributes().items()
            if name != "name" and value is not None
        }
        assert given == {k: v for k, v in other.nodes[vertex["name"]].items() if k != "name"}
    found = Counter(
        (names[e.source], names[e.target], tuple(sorted(_given(e.attributes())))) for e in graph.es
    )
    assert found == Counter(
        (s, t, tuple(sorted(_given(data)))) for s, t, data in other.edges(data=True)
    )
    assert graph.vs.find(name="en_1")["label"] == "Ann"


def _given(attributes: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name, repr(value)) for name, value in attributes.items() if value is not None]


def test_an_empty_memory_is_an_empty_graph(
    opener: Callable[..., GraphStore], tmp_path: Path
) -> None:
    store = opener("empty")
    assert make_graph(store, "default", to_networkx.make, passages=True).number_of_nodes() == 0
    assert make_graph(store, "default", to_igraph.make, passages=True).vcount() == 0
    export_memory(store, "default", tmp_path / "a.graphml", format="graphml")
    assert nx.read_graphml(tmp_path / "a.graphml").number_of_nodes() == 0
    export_memory(store, "default", tmp_path / "a.hif", format="hif")
    hif = json.loads((tmp_path / "a.hif").read_text())
    refuse_what_breaks_the_schema(hif)
    assert hif["incidences"] == hif["nodes"] == hif["edges"] == []


def test_a_graph_of_entities_alone_has_no_edges(
    opener: Callable[..., GraphStore], content: Any
) -> None:
    store = opener("lonely")
    store.apply(ChangeSet(namespace="default", entities=content[0].entities))
    graph = make_graph(store, "default", to_igraph.make, passages=True)
    assert (graph.vcount(), graph.ecount()) == (3, 0)


def test_networkx_reads_the_graphml_back(store: GraphStore, tmp_path: Path) -> None:
    report = export_memory(store, "default", tmp_path / "m.graphml", format="graphml")
    graph = nx.read_graphml(tmp_path / "m.graphml", force_multigraph=True)
    assert report.written == store.counts("default")
    expected = make_graph(store, "default", to_networkx.make, passages=True)
    assert dict(graph.nodes(data="node_label")) == ALL_NODES
    assert edges_of(graph) == EDGES | OF_PASSAGES

    def speakable(value: object) -> object:
        if not isinstance(value, str):
            return value
        return value.replace("\x00", "\ufffd").replace("\x07", "\ufffd").replace("\ufffe", "\ufffd")

    def shown(data: dict[str, Any]) -> dict[str, Any]:
        return {name: speakable(value) for name, value in data.items()}

    for id_, data in expected.nodes(data=True):
        assert graph.nodes[id_] == shown(data)
    assert sorted(repr(sorted(data.items())) for _, _, data in graph.edges(data=True)) == sorted(
        repr(sorted(shown(data).items())) for _, _, data in expected.edges(data=True)
    )


def test_igraph_reads_the_graphml_back(store: GraphStore, tmp_path: Path) -> None:
    export_memory(store, "default", tmp_path / "m.graphml", format="graphml")
    graph = igraph.Graph.Read_GraphML(str(tmp_path / "m.graphml"))
    assert graph.is_directed()
    assert dict(zip(graph.vs["id"], graph.vs["node_label"], strict=True)) == ALL_NODES
    ids = graph.vs["id"]
    found = Counter((e["edge_type"], ids[e.source], ids[e.target]) for e in graph.es)
    assert found == EDGES | OF_PASSAGES


def test_the_graphml_declares_every_key_that_it_uses(store: GraphStore, tmp_path: Path) -> None:
    export_memory(store, "default", tmp_path / "m.graphml", format="graphml")
    root = ET.parse(tmp_path / "m.graphml").getroot()  # noqa: S314
    space = {"g": "http://graphml.graphdrawing.org/xmlns"}
    declared = {(key.get("for"), key.get("id")) for key in root.findall("g:key", space)}
    for element in ("node", "edge"):
        used = {data.get("key") for data in root.findall(f"g:graph/g:{element}/g:data", space)}
        assert used <= {id_ for kind, id_ in declared if kind == element}
    ids = [edge.get("id") for edge in root.findall("g:graph/g:edge", space)]
    assert len(set(ids)) == len(ids) == sum((EDGES | OF_PASSAGES).values())


def refuse_what_breaks_the_schema(hif: Any) -> None:
    """The rules of HIF's published JSON schema, and that incidences name what is there."""
    assert hif.keys() <= {"network-type", "metadata", "incidences", "nodes", "edges"}
    assert hif.get("network-type", "undirected") in ("undirected", "directed", "asc")
    assert isinstance(hif.get("metadata", {}), dict)
    allowed = {"weight", "attrs"}
    parts = {"incidences": {"edge", "node"}, "nodes": {"node"}, "edges": {"edge"}}
    assert isinstance(hif["incidences"], list)
    for part, required in parts.items():
        more = allowed | ({"direction"} if part == "incidences" else set())
        for element in hif.get(part, []):
            assert required <= element.keys() <= required | more
            assert all(isinstance(element[name], str | int) for name in required)
            assert isinstance(element.get("attrs", {}), dict)
    for part, key in (("nodes", "node"), ("edges", "edge")):
        listed = [element[key] for element in hif[part]]
        assert len(set(listed)) == len(listed)
        assert {incidence[key] for incidence in hif["incidences"]} <= set(listed)


def test_hif_holds_facts_as_hyperedges(store: GraphStore, content: Any, tmp_path: Path) -> None:
    report = export_memory(store, "default", tmp_path / "m.hif.json", format="hif")
    hif = json.loads((tmp_path / "m.hif.json").read_text(encoding="utf-8"))
    refuse_what_breaks_the_schema(hif)
    assert (report.written.entities, report.written.facts) == (3, 2)
    assert hif["metadata"]["name"] == "default"
    changes, _ = content
    entities = {node["node"]: node["attrs"] for node in hif["nodes"]}
    assert entities == {
        value.id: {
            "name": value.name,
            "type": value.type.value,
            "aliases": list(value.aliases),
            "profile": value.profile,
        }
        for value in changes.entities
    }
    for fact in changes.facts:
        (edge,) = [edge["attrs"] for edge in hif["edges"] if edge["edge"] == fact.id]
        assert (edge["text"], edge["confidence"]) == (fact.text, fact.confidence)
        assert ("retired_at" in edge) == (fact.retired_at is not None)
        members = [
            (i["node"], i["attrs"]["role"], i["attrs"]["text"], i["attrs"].get("start"))
            for i in hif["incidences"]
            if i["edge"] == fact.id
        ]
        assert members == [(m.entity_id, m.role, m.text, m.start) for m in fact.members]
