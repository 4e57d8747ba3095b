"""Text that would break out of a statement, an index or a file: stored and found as data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graphmem import Memory
from graphmem.errors import InvalidInputError
from graphmem.model.knowledge import Fact
from graphmem.ports.store import GraphStore
from graphmem.settings import Settings

NOW = datetime(2024, 6, 1, tzinfo=UTC)
HOSTILE = {
    "quotes": 'O\'Hara "the" \\\' \\" \'\'\' """',
    "backticks": "`Entity` ``) DETACH DELETE n //",
    "cypher": "x'}) MATCH (n) DETACH DELETE n WITH 1 AS a //",
    "parameters": "$namespace ${x} {namespace} %s {0}",
    "sql": "x'); DROP TABLE entities; --",
    "lucene": '+a -b && || ! ( ) { } [ ] ^ " ~ * ? : \\ / AND OR NOT name:* /.*/ "',
    "fts": '"a" OR b* NEAR(c d, 2) ^x {name}: - col : z',
    "paths": "../../etc/passwd\\..\\..\\ C:\\x %2e%2e/",
    "controls": "a\x00b\x07c\r\n\t\x1b[2Jd\x7f",
    "marks": "\u202eabc\u200b\u2028\ufeff \U0001f980 ß İ ﬁ",
    "markup": "</data> <b>&amp;</b> ]]> [bold red]x[/] {{x}}",
}
NAMES = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)


@NAMES
def test_it_is_stored_as_it_is_wherever_it_stands(
    store: GraphStore, maker: Callable[[str], Any], contents: Any, text: str
) -> None:
    for namespace in ("default", text):
        make = maker(namespace)
        changes = make.document(text, {text: {text: [text, "Bystander"]}})
        (fact,) = changes.facts
        (member, _) = fact.members
        (entity, _) = changes.entities
        changes = changes.model_copy(
            update={
                "facts": (
                    Fact.model_validate(
                        {
                            **fact.model_dump(),
                            "predicate": text,
                            "attribution": text,
                            "members": (member.model_copy(update={"role": text}), fact.members[1]),
                        }
                    ),
                ),
                "entities": (
                    entity.model_copy(update={"aliases": (text, f"{text}!"), "profile": text}),
                    changes.entities[1],
                ),
                "passages": tuple(
                    p.model_copy(
                        update={"speaker": text, "session": text, "attributes": {text: text}}
                    )
                    for p in changes.passages
                ),
            }
        )
        store.apply(changes)
        assert store.episodes_of(namespace, text) == list(changes.episodes)
        assert store.sources(namespace) == [(text, 1)]
        assert store.facts([fact.id])[fact.id] == changes.facts[0]
        assert store.entities([entity.id])[entity.id] == changes.entities[0]
        (passage,) = changes.passages
        assert store.passages([passage.id])[passage.id] == passage
        held = contents(store, namespace)
        assert {name: len(rows) for name, rows in held.items() if rows} == {
            "episodes": 1,
            "passages": 1,
            "entities": 2,
            "facts": 1,
            "mentions": 2,
            "evidence": 1,
        }
    assert store.namespaces() == sorted(["default", text])
    store.delete_source(text, text)
    assert store.namespaces() == ["default"]
    assert store.counts("default").facts == 1
    assert store.check() == []


def test_a_name_of_a_megabyte_is_a_name(store: GraphStore, make: Any) -> None:
    long = "Nn " * 350_000 + "end"
    changes = make.document(long, {"text": {"fact": [long, "Ann"]}})
    store.apply(changes)
    assert store.apply(changes).entities == 0
    ids = [entity.id for entity in changes.entities]
    assert [e.name for e in store.entities(ids).values()] == [long, "Ann"]
    assert store.sources("default") == [(long, 1)]
    assert store.check() == []
    store.delete_source("default", long)
    assert store.counts("default").entities == 0


@pytest.fixture(params=["folder", "neo4j"])
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Memory]:
    where, auth = str(tmp_path / "memory"), None
    if request.param == "neo4j":
        server = request.getfixturevalue("neo4j_server")
        server.empty()
        where, auth = server.url, server.auth
    settings = Settings(workers=0, depth="fast")
    with closing(Memory.open(where, auth=auth, settings=settings, clock=lambda: NOW)) as opened:
        yield opened


def test_it_filters_and_is_asked_for_as_what_it_is(memory: Memory) -> None:
    everything = {**HOSTILE, "surrogates": "lone \ud800 and \udfff", "plain": "nothing odd"}
    for key, text in everything.items():
        memory.add(
            [{"name": text, "content": f"The number of {key} is {text}."}],
            source=f"src {text}",
            session=text,
            attributes={"label": text},
        )
    assert memory.stats().counts.passages == len(everything)
    for key, text in everything.items():
        for where in (
            {"speaker": text},
            {"source": f"src {text}"},
            {"session": text},
            {"attributes": {"label": text}},
        ):
            found = memory.search("What is the number?", k=20, where=where)
            assert [key in hit.text for hit in found] == [True], (key, where)
        for mode in ("graph", "hybrid", "bm25", "dense"):
            assert memory.search(text, k=3, mode=mode), (key, mode)
    assert memory.search("What?", where={"speaker": "' OR 1=1 --"}) == []
    for text in everything.values():
        assert memory.delete_source(f"src {text}").passages == 1
    with pytest.raises(InvalidInputError, match="not valid Unicode"):
        memory.with_namespace("a\ud800")
    assert memory.doctor() == []


@NAMES
def test_a_namespace_of_that_name_is_its_own(memory: Memory, text: str) -> None:
    memory.add("Ann Reed lives in Oslo.", source="note:1")
    other = memory.with_namespace(text)
    other.add("Bo Lund lives in Bergen.", source="note:1")
    assert [hit.text for hit in other.search("Who lives where?")] == ["Bo Lund lives in Bergen."]
    assert [hit.text for hit in memory.search("Who lives?")] == ["Ann Reed lives in Oslo."]
    names = other.cypher("MATCH (p:Passage {namespace: $namespace}) RETURN p.text").rows
    assert names == (("Bo Lund lives in Bergen.",),)
