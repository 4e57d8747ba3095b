"""The tree, communities and overviews of a memory: caught up, refreshed, forgotten, kept whole."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scripted_llm import Request, ScriptedLLM, says

from graphmem import Memory, Settings
from graphmem.errors import NotFoundError
from graphmem.model.source import SourceItem
from graphmem.model.summary import Portrait, Summary

GRAPHMEM = Path(sys.executable).with_name("graphmem")
PLACES = ("Greywick", "Saltmere", "Oslo", "Rome", "Kyoto", "Lima")
TRADES = ("baker", "sailor", "painter", "doctor", "farmer")


def texts() -> dict[str, str]:
    found = {}
    for number, place in enumerate(PLACES):
        for other, trade in enumerate(TRADES):
            year = 1950 + 10 * number + other
            found[f"{place}-{trade}"] = (
                f"In {year} the first {trade} of {place} opened a shop beside the harbour. "
                f"The {trade} of {place} taught the trade to many people of the town."
            )
    return found


def items(found: dict[str, str]) -> list[SourceItem]:
    return [SourceItem(source=source, text=text) for source, text in found.items()]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("summaries") / "mem"
    with Memory.open(folder, settings=Settings(workers=0)) as memory:
        list(memory.add_many(items(texts())))
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "mem")


@pytest.fixture
def memory(folder: Path) -> Iterator[Memory]:
    with Memory.open(folder, settings=Settings(workers=0)) as opened:
        yield opened


def nodes_of(memory: Memory) -> dict[str, Summary]:
    return dict(memory._summarising.tree()[1])


def shape_of(memory: Memory) -> list[tuple[Any, ...]]:
    """The tree as it hangs together, whatever its texts."""
    return [
        (node.id, node.parent_id, node.place, node.depth, node.passages, node.facts)
        for node in nodes_of(memory).values()
    ]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(GRAPHMEM), *arguments], capture_output=True, text=True, check=False, timeout=120
    )


def test_the_root_sums_up_all_and_every_sentence_is_somewhere(memory: Memory) -> None:
    root = memory.summary()
    assert root.text
    assert not root.stale
    for source in root.sources:
        passage = memory.get(source.passage_id)
        said = passage.text[source.start : source.end]  # type: ignore[union-attr]
        assert said in root.text.split("\n")[source.sentence]
    held = [id_ for node in nodes_of(memory).values() for _, id_ in node.passages]
    assert len(held) == len(set(held)) == memory.stats().counts.passages


def test_every_believed_fact_is_beneath_a_passage_that_states_it(memory: Memory) -> None:
    beneath = {
        fact: dict(node.passages)[place]
        for node in nodes_of(memory).values()
        for place, fact in node.facts
    }
    assert len(beneath) == memory.stats().counts.facts == memory.tree_shape().facts > 0
    stated = memory._parts.store.evidence_of(list(beneath))
    assert beneath.items() <= {(item.fact_id, item.passage_id) for item in stated}
    rows = memory.cypher(
        "MATCH (s:Summary)-[r:SUMMARISES]->(f:Fact)-[:EVIDENCE]->(:Passage)<-[p:SUMMARISES]-(s)"
        " WHERE r.place = p.place RETURN count(DISTINCT f.id) AS n"
    ).rows
    assert rows == ((len(beneath),),)


def test_a_fact_that_another_source_states_stays_in_the_tree(memory: Memory) -> None:
    said = "Ida Marsh taught chemistry in Oslo."
    memory.add(said, source="one")
    memory.add(f"{said} Ida Marsh also painted.", source="two")

    def where() -> dict[str, str]:
        return {
            memory.get(fact).text: memory.get(dict(node.passages)[place]).text  # type: ignore[union-attr]
            for node in nodes_of(memory).values()
            for place, fact in node.facts
            if "chemistry" in memory.get(fact).text  # type: ignore[union-attr]
        }

    [first] = where().values()
    assert first == said
    memory.delete_source("one")
    [second] = where().values()
    assert second.endswith("also painted.")
    memory.delete_source("two")
    assert where() == {}


def test_what_is_kept_is_what_the_next_process_finds(folder: Path) -> None:
    with Memory.open(folder, settings=Settings(workers=0)) as memory:
        first, shape = memory.summary(), shape_of(memory)
    with Memory.open(folder, settings=Settings(workers=0)) as memory:
        assert shape_of(memory) == shape
        assert memory.summary() == first
        assert memory._parts.store.hierarchy("default").revision == 2  # nothing was written


def test_caught_up_late_or_early_it_is_the_same_tree(folder: Path, tmp_path: Path) -> None:
    more = items(
        {f"b{n}": f"In {1900 + n} a bridge of {PLACES[n % 6]} fell down." for n in range(12)}
    )
    other = shutil.copytree(folder, tmp_path / "other")
    with Memory.open(folder, settings=Settings(workers=0)) as often:
        for _ in often.add_many(more, batch=4):
            often.tree_shape()
        shape = shape_of(often)
    with Memory.open(other, settings=Settings(workers=0)) as once:
        list(once.add_many(more))
        assert shape_of(once) == shape


def test_only_what_changed_is_summed_up_anew(memory: Memory) -> None:
    total = memory.summarise()
    assert total >= memory.tree_shape().nodes
    assert memory.summarise() == 0
    before = nodes_of(memory)
    memory.add("In 2001 the last baker of Kyoto closed the shop beside the harbour.", source="new")
    shape = memory.tree_shape()
    assert 0 < shape.stale <= shape.height + 2
    fresh = {id_ for id_, node in nodes_of(memory).items() if not node.stale}
    assert {id_: before[id_].text for id_ in fresh} == {
        id_: node.text for id_, node in nodes_of(memory).items() if id_ in fresh
    }


def test_a_broad_question_is_answered_from_summaries_and_a_narrow_one_as_before(
    memory: Memory,
) -> None:
    found = memory.overview("What do we know about the bakers?")
    assert found.summaries
    assert sum(found.weights[name] for name in found.weights if name != "graph") == pytest.approx(1)
    broad = memory.search("What do we know about the bakers?", k=6)
    assert all("asked broadly" in hit.note for hit in broad)
    assert sum("baker" in hit.text for hit in broad) >= 5
    assert [hit.rank for hit in broad] == list(range(1, 7))
    context = memory.context("Give me an overview of the bakers", budget=400)
    # Tokens are the model's own, not words.
    [tokens] = memory._parts.embedder.count_tokens([context.text])
    assert len(context.text.split()) < context.tokens == tokens <= 400
    assert sum("baker" in hit.text for hit in context.hits) >= 4
    for hit, citation in zip(context.hits, context.citations, strict=True):
        whole = memory.get(citation.passage_id)
        assert hit.text in whole.text  # type: ignore[union-attr]
    narrow = memory.search("When did the first baker of Rome open a shop?", k=3)
    assert not any(hit.note for hit in narrow)
    assert narrow[0].source == "Rome-baker"


def test_whom_a_broad_question_names_is_told_of_from_facts(tmp_path: Path) -> None:
    with Memory.open(tmp_path / "mem", settings=Settings(workers=0)) as memory:
        memory.add("Ida Marsh lives in Oslo. Ida Marsh works for Acme.", source="one")
        memory.add("Ida Marsh works for Acme. Ida Marsh loves chess.", source="two")
        memory.add("Olaf Berg lives in Rome.", source="three")
        found = memory.overview("What do we know about Ida Marsh?")
        portrait = found.summaries[0]
        assert (portrait.name, isinstance(portrait, Portrait)) == ("Ida Marsh", True)
        lines = portrait.text.split("\n")
        assert {"Ida Marsh lives in Oslo.", "Ida Marsh works for Acme."} <= set(lines)
        assert not any("Olaf" in line for line in lines)
        for source in portrait.sources:
            passage = memory.get(source.passage_id)
            said = passage.text[source.start : source.end]  # type: ignore[union-attr]
            assert said.rstrip(".") in lines[source.sentence]
        works = lines.index("Ida Marsh works for Acme.")
        assert sum(source.sentence == works for source in portrait.sources) == 2
        cited = {citation.passage_id: citation for citation in found.citations}
        assert {s.passage_id for s in portrait.sources} <= cited.keys()
        assert [c.marker for c in found.citations] == [f"[{n}]" for n in range(1, len(cited) + 1)]
        assert {c.source for c in cited.values()} >= {"one", "two"}
        [only] = [
            node
            for node in memory.overview(
                "What do we know about Ida Marsh?", where={"source": "two"}
            ).summaries
            if isinstance(node, Portrait)
        ]
        assert "Oslo" not in only.text
        assert "works for Acme" in only.text
        told = memory.context("What do we know about Ida Marsh?").text
        assert "loves chess" in told
        memory.delete_source("two")
        after = memory.overview("What do we know about Ida Marsh?").summaries[0]
        assert "chess" not in after.text


def test_filters_hold_for_overviews_too(memory: Memory) -> None:
    found = memory.overview("What do we know about the bakers?", where={"source": "Rome-baker"})
    sources = {s.passage_id for node in found.summaries for s in node.sources}
    assert {memory.get(id_).episode_id for id_ in sources} <= {  # type: ignore[union-attr]
        memory.get(id_).episode_id
        for id_ in found.passages  # type: ignore[union-attr]
    }
    assert len(found.passages) == 1


def test_what_is_deleted_is_in_no_summary_and_not_in_the_file(folder: Path) -> None:
    with Memory.open(folder, settings=Settings(workers=0)) as memory:
        memory.add("In 1999 Zebulon Quist painted the lighthouse of Lima.", source="secret")
        memory.summarise()
        before = memory._parts.store.hierarchy("default")
        told = [n for n in (*before.summaries, *before.communities) if "Zebulon" in n.text]
        assert told
        memory.delete_source("secret")
        kept = memory._parts.store.hierarchy("default")
        by_id = {n.id: n for n in (*kept.summaries, *kept.communities)}
        assert all(by_id[n.id].text == "" and by_id[n.id].stale for n in told)
        memory.summarise()
        assert not any("Zebulon" in node.text for node in nodes_of(memory).values())
        with Memory.open(folder, settings=Settings(workers=0)) as fresh:
            assert shape_of(fresh) == shape_of(memory)
    for file in folder.rglob("*"):
        if file.is_file():
            assert b"Zebulon" not in file.read_bytes(), file


def test_what_one_process_deletes_another_does_not_tell(folder: Path) -> None:
    with (
        Memory.open(folder, settings=Settings(workers=0)) as one,
        Memory.open(folder, settings=Settings(workers=0)) as other,
    ):
        one.add("In 1999 Zebulon Quist met Ida Marsh and Olaf Berg in Lima.", source="secret")
        one.summarise()
        other.summarise()
        told = [*nodes_of(other).values(), *other.communities(level=2, k=100)]
        assert any("Zebulon" in node.text for node in told)
        one.delete_source("secret")
        other.tree_shape()
        told = [*nodes_of(other).values(), *other.communities(level=2, k=100)]
        assert not any("Zebulon" in f"{node.name} {node.text}" for node in told)
        other.summarise()
        kept = one._parts.store.hierarchy("default")
        assert not any("Zebulon" in n.text for n in (*kept.summaries, *kept.communities))


def test_a_source_no_longer_believed_leaves_the_tree(memory: Memory) -> None:
    before = memory.tree_shape().passages
    memory.retire_source("Rome-baker")
    assert memory.tree_shape().passages == before - 1


KILLED = """
import os, signal, sys
from graphmem import Memory, Settings
from graphmem.adapters.stores.sqlite import store as module
keep, left = module.summaries.keep, int(sys.argv[2])
def killed(connection, change, vectors):
    global left
    keep(connection, change, vectors)
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
module.summaries.keep = killed
with Memory.open(sys.argv[1], settings=Settings(workers=0)) as memory:
    memory.summarise()
"""


@pytest.mark.parametrize("commit", [1, 3])
def test_killed_inside_a_commit_it_is_caught_up_by_the_next(
    folder: Path, tmp_path: Path, commit: int
) -> None:
    other = shutil.copytree(folder, tmp_path / "other")
    with Memory.open(other, settings=Settings(workers=0)) as memory:
        memory.summarise()
        wanted = nodes_of(memory)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(folder), str(commit)], check=False, timeout=120
    )
    assert done.returncode == -signal.SIGKILL
    with Memory.open(folder, settings=Settings(workers=0)) as memory:
        memory.summarise()
        assert nodes_of(memory) == wanted
        assert memory.doctor() == []


def test_a_memory_opened_for_reading_answers_without_keeping(folder: Path) -> None:
    with Memory.open(folder, read_only=True, settings=Settings(workers=0)) as memory:
        assert memory.overview("What do we know about the sailors?").summaries
        assert memory._parts.store.hierarchy("default").summaries == ()


def test_two_that_catch_up_at_once_end_with_one_tree(folder: Path) -> None:
    with (
        Memory.open(folder, settings=Settings(workers=0)) as one,
        Memory.open(folder, settings=Settings(workers=0)) as other,
    ):
        one.tree_shape()
        other.tree_shape()
        one.add("In 2002 a sailor of Oslo sold the boat.", source="late")
        assert other.tree_shape() == one.tree_shape()
        assert shape_of(other) == shape_of(one)


def test_another_embedders_vectors_make_another_tree(memory: Memory) -> None:
    before = shape_of(memory)
    memory.reindex("all-minilm-l6-v2")
    assert memory.tree_shape().passages == len(texts())
    assert {row[0] for row in shape_of(memory)}.isdisjoint({row[0] for row in before})


def test_a_models_summary_is_kept_with_its_sources(folder: Path, llm_server: ScriptedLLM) -> None:
    def sums_up(request: Request) -> Any:
        first = next(line for line in request.user.splitlines() if line.startswith("[1] "))
        quote = first.removeprefix("[1] ").partition(": ")[2] or first[4:]
        statements = [
            {"text": quote, "sources": [{"item": 1, "quote": quote}]},
            {"text": "They all moved to Mars.", "sources": [{"item": 1, "quote": quote}]},
        ]
        return says({"known": True, "statements": statements})

    llm_server.respond = sums_up
    settings = Settings(workers=0, llm_base_url=llm_server.url, llm_model="small", llm_cache=False)
    with Memory.open(folder, settings=settings) as memory:
        found = memory.overview("What do we know about the bakers?")
        assert found.dropped == len(found.summaries) > 0
        for node in found.summaries:
            assert (node.method, "Mars" in node.text) == ("small", False)
            assert {s.sentence for s in node.sources} == {0}
        assert any(hit.title.startswith("Summary: ") for hit in memory.context("Sum up it").hits)


def test_a_small_memory_is_summed_up_by_its_root(tmp_path: Path) -> None:
    said = {
        f"s{n}": f"In {1990 + n} the baker number {n} of Oslo met Ann Lee and Bob Ray in the"
        " harbour."
        for n in range(12)
    }
    with Memory.open(tmp_path / "mem", settings=Settings(workers=0)) as memory:
        list(memory.add_many(items(said)))
        [found] = memory.overview("What do we know about the bakers?").summaries
        assert found == memory.summary()
    assert "baker" in found.text


def test_an_empty_memory_has_nothing_to_say(tmp_path: Path) -> None:
    with Memory.open(tmp_path / "mem", settings=Settings(workers=0)) as memory:
        assert memory.overview("What is this about?").summaries == ()
        assert memory.search("What is this about?") == []
        assert memory.context("What is this about?").hits == ()
        assert memory.communities() == ()
        with pytest.raises(NotFoundError, match="nothing to sum up"):
            memory.summary()


def test_the_commands_show_what_the_methods_return(folder: Path) -> None:
    shown = run("tree", "-m", str(folder), "--refresh", "--json")
    assert shown.returncode == 0, shown.stderr
    found = json.loads(shown.stdout)
    assert found["shape"]["passages"] == len(texts())
    assert found["shape"]["stale"] == 0
    assert found["node"]["text"]
    told = run("overview", "What do we know about the painters?", "-m", str(folder))
    assert "painter" in told.stdout
    assert "weighed by: passages" in told.stdout
    assert "[1] " in told.stdout
    assert "-painter" in told.stdout  # the sources by name
    assert "pa_" not in told.stdout
    node = next(n for n in found["children"] if n["passages"] or n["facts"])
    leafy = run("tree", "-m", str(folder), "--of", node["id"])
    assert leafy.stdout.count("  pa_") == len(node["passages"])
    assert "    fact " in leafy.stdout
    assert f"{found['shape']['facts']:,} facts under" in leafy.stdout
    listed = run("communities", "-m", str(folder), "-k", "2")
    assert listed.stdout.count("entities · by facts") == 2
    missing = run("tree", "-m", str(folder), "--of", "su_none")
    assert (missing.returncode, "There is no summary 'su_none'" in missing.stderr) == (1, True)


def test_a_context_says_what_supersedes_its_words(tmp_path: Path) -> None:
    with Memory.open(tmp_path / "mem", settings=Settings(workers=0)) as memory:
        memory.add("Ann Lee lives in Oslo.", source="old", at="2020-03-01")
        memory.add("Ann Lee lives in Rome.", source="new", at="2022-05-01")
        for question in ("Where does Ann Lee live?", "What do we know about Ann Lee?"):
            text = memory.context(question).text
            assert "Ann Lee lives in Oslo. (superseded by: Ann Lee lives in Rome.)" in text
            assert "Ann Lee lives in Rome.\n" in text  # what holds is not marked
        # Before that was known, nothing was superseded.
        early = memory.context("Where does Ann Lee live?", known_at="2020-01-01")
        assert "superseded" not in early.text
