"""Passages that a store drops, takes back and erases, with all that hangs on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from statements import EPOCH, believed, facts_in, lives, moved, tell

from graphmem.adapters.bolt import Bolt
from graphmem.adapters.servers import neo4j as servers
from graphmem.adapters.stores.neo4j import Neo4jStore
from graphmem.adapters.stores.sqlite import SqliteStore
from graphmem.errors import StoreBusyError
from graphmem.maintain.forget import forgotten
from graphmem.model.change import Counts
from graphmem.model.retrieval import Query
from graphmem.ports.store import GraphStore, scanned
from graphmem.resolve.states_file import load_states
from graphmem.stages.erasing import erase
from graphmem.stages.restoring import restore

PARIS = lives("Ann", "Paris", said="2019-01-01")
AGAIN = lives("Ann", "Paris", said="2019-03-01", before="Surely")
BERLIN = moved("Ann", "Zanzibar", "2021-05", said="2021-06-01", before="Quixotically")
LATER = EPOCH + timedelta(days=1)


def _passages(store: GraphStore) -> dict[str, dict[str, Any]]:
    names = ("id", "text", "retired_at", "forgotten_at", "recalls", "last_recalled_at")
    with store.read("default", ("passages",)) as reader:
        rows = [row for rows in reader.scan("passages", names) for row in rows]
    return {row[1]: dict(zip(names, row, strict=True)) for row in rows}


def _living(store: GraphStore) -> list[str]:
    with store.read("default", ("passages",)) as reader:
        rows = scanned(reader, "passages", "id", "retired_at")
        return [id for id, retired_at in rows if retired_at is None]


def _restore(store: GraphStore, ids: Sequence[str], now: datetime) -> Counts:
    return restore(store, "default", ids, states=load_states(), same=lambda id: [id], now=now)


def test_what_is_forgotten_is_retired_from_then_on_and_can_be_taken_back(
    store: GraphStore,
) -> None:
    tell(store, [PARIS, AGAIN, lives("Bob", "Rome", said="2019-01-01")], minute=0)
    before, version = believed(facts_in(store)), store.version("default")
    held = _passages(store)
    rome = next(text for text in held if "Rome" in text)
    dropped = store.forget("default", [held[rome]["id"], held[PARIS.text]["id"], "pa_none"], LATER)
    assert (dropped.passages, dropped.facts) == (2, 1)  # Paris is stated once more
    assert store.version("default") == version + 1
    now = _passages(store)
    moment = now[rome]["forgotten_at"]
    assert moment is not None
    assert now[rome]["retired_at"] == now[PARIS.text]["retired_at"] == moment
    assert now[AGAIN.text]["retired_at"] is None
    assert believed(facts_in(store), EPOCH + timedelta(hours=1)) == before
    assert believed(facts_in(store)) < before
    assert not store.check()
    with store.read("default", since=version) as reader:
        assert not reader.removed
        assert sum(len(rows) for rows in reader.scan("passages", ("id",))) == 2
    assert store.forget("default", [held[rome]["id"]], LATER + timedelta(days=1)).passages == 0

    back = _restore(store, [held[rome]["id"], held[PARIS.text]["id"]], LATER + timedelta(hours=2))
    assert (back.passages, back.facts) == (2, 1)
    assert believed(facts_in(store)) == before
    assert {text for text, row in _passages(store).items() if not row["retired_at"]} == held.keys()
    assert not store.check()
    assert _restore(store, [held[rome]["id"]], LATER + timedelta(days=2)).passages == 0


def test_before_in_between_and_after_are_each_read_as_they_were(store: GraphStore) -> None:
    bob = lives("Bob", "Rome", said="2019-01-01")
    tell(store, [PARIS, bob], minute=0)
    tell(store, [BERLIN], minute=1)
    texts = {PARIS.text, BERLIN.text, bob.text}
    moments = {EPOCH + timedelta(minutes=2): texts}
    for day in (1, 3):
        at = EPOCH + timedelta(days=day)
        store.forget("default", _living(store), at)
        moments[at + timedelta(hours=1)] = set()
        assert _restore(store, forgotten(store, "default"), at + timedelta(days=1)).passages == 3
        moments[at + timedelta(days=1, hours=1)] = texts
    before = believed(facts_in(store), min(moments))
    assert before == believed(facts_in(store))
    for moment, told in moments.items():
        assert believed(facts_in(store), moment) == (before if told else set())
        query = Query(text="who", namespace="default", k=50, known_at=moment)
        found = store.find_text(query, ["lives", "moved", "ann", "bob"])
        passages = store.passages([id for id, _ in found])
        assert len(passages) == len(told)
        assert {passage.text for passage in passages.values()} == told
    assert forgotten(store, "default") == []
    assert not store.check()
    store.forget("default", _living(store), EPOCH + timedelta(days=9))
    gone = forgotten(store, "default", before=EPOCH + timedelta(days=10))
    assert len(gone) == store.counts("default").passages == 9  # no copy of them outlives them


def test_a_forgotten_statement_is_not_believed_because_of_a_new_one(store: GraphStore) -> None:
    tell(store, [PARIS], minute=0)
    tell(store, [BERLIN], minute=1)
    berlin = _passages(store)[BERLIN.text]["id"]
    store.forget("default", [berlin], LATER)
    tell(store, [moved("Ann", "Oslo", "2023-04", said="2023-05-01")], minute=3_000)
    assert {members[1][1] for _, _, *members, _, _ in believed(facts_in(store))} == {
        "Paris",
        "Oslo",
    }
    assert not store.check()
    _restore(store, [berlin], LATER + timedelta(days=5))
    ends = {row[3][1]: row[-1] for row in believed(facts_in(store))}
    assert ends["Zanzibar"] == datetime(2023, 4, 1, tzinfo=UTC)  # as if told in order
    assert ends["Oslo"] is None


def test_what_was_retired_before_stays_so_when_its_passage_is_taken_back(
    store: GraphStore,
) -> None:
    tell(store, [PARIS], minute=0)
    tell(store, [BERLIN], minute=1)
    before = believed(facts_in(store))
    ids = [row["id"] for row in _passages(store).values()]
    store.forget("default", ids, LATER)
    assert believed(facts_in(store)) == set()
    _restore(store, ids, LATER + timedelta(days=1))
    assert believed(facts_in(store)) == before


def test_recalls_are_counted_without_a_new_version(store: GraphStore) -> None:
    tell(store, [PARIS], minute=0)
    version = store.version("default")
    [passage] = _passages(store).values()
    store.recall("default", {passage["id"]: 2, "pa_none": 1}, LATER)
    store.recall("default", {passage["id"]: 1}, LATER + timedelta(days=1))
    [after] = _passages(store).values()
    assert after["recalls"] == 3
    assert (
        after["last_recalled_at"] - passage["last_recalled_at"]
        if passage["last_recalled_at"]
        else after["last_recalled_at"]
    )
    [fact] = facts_in(store)
    assert (fact.recalls, fact.last_recalled_at) == (3, LATER + timedelta(days=1))
    assert store.version("default") == version


def test_what_another_namespace_holds_is_left_alone(store: GraphStore) -> None:
    tell(store, [PARIS], minute=0, namespace="other")
    with store.read("other", ("passages",)) as reader:
        [[(id_,)]] = reader.scan("passages", ("id",))
    assert store.forget("default", [id_], LATER).passages == 0
    assert store.erase("default", [id_]).passages == 0
    assert store.counts("other").passages == 1


def _erase(store: GraphStore, ids: list[str]) -> str:
    """Erase passages; where words of them may be left."""
    return erase(
        store,
        "default",
        ids,
        states=load_states(),
        same=lambda id: [id],
        now=LATER,
    ).left


def test_erasing_takes_along_what_only_that_supports_and_what_it_brought_about(
    store: GraphStore,
) -> None:
    tell(store, [PARIS], minute=0)
    before = believed(facts_in(store))
    tell(store, [BERLIN], minute=1)
    held = _passages(store)
    _erase(store, [held[BERLIN.text]["id"]])
    assert believed(facts_in(store)) == before
    assert store.counts("default").episodes == 1
    assert not store.check()
    for table, column in (
        ("facts", "text"), ("entities", "name"), ("passages", "text"), ("supersessions", "reason"),
    ):  # fmt: skip
        with store.read("default") as reader:
            shown = [row[0] for rows in reader.scan(table, (column,)) for row in rows]
        assert not any("Zanzibar" in text or "Quixotically" in text for text in shown), table


def test_what_others_state_too_keeps_no_word_of_what_was_erased(store: GraphStore) -> None:
    first = lives("Ann", "Paris", said="2019-01-01", before="Quixotically")
    tell(store, [first], minute=0)
    tell(store, [AGAIN], minute=1)
    _erase(store, [_passages(store)[first.text]["id"]])
    [fact] = facts_in(store)
    assert fact.text == AGAIN.text
    assert [(m.role, m.text) for m in fact.members] == [("subject", "Ann"), ("place", "Paris")]
    assert len(store.evidence_of([fact.id])) == 1
    assert not store.check()


@pytest.mark.parametrize("in_use", [False, True])
def test_no_erased_word_is_left_in_the_files_of_a_folder(tmp_path: Path, in_use: bool) -> None:
    store = SqliteStore.open(tmp_path / "memory", create=True, read_only=False, clock=lambda: EPOCH)
    try:
        tell(store, [PARIS], minute=0)
        tell(store, [BERLIN], minute=1)
        held = _passages(store)
        assert _holds(tmp_path, b"Zanzibar")
        if in_use:
            with store.read("default"), pytest.raises(StoreBusyError, match="log"):
                _erase(store, [held[BERLIN.text]["id"]])
            store.compact()
        else:
            _erase(store, [held[BERLIN.text]["id"]])
        assert not _holds(tmp_path, b"Zanzibar")
        assert not _holds(tmp_path, b"Quixotically")
        assert _holds(tmp_path, b"Paris")
    finally:
        store.close()


def test_no_erased_word_is_left_in_the_logs_of_a_server_of_ones_own(
    tmp_path: Path, starter: Callable[..., Any]
) -> None:
    home = tmp_path / "home"
    server = starter(home)
    try:
        store = Neo4jStore.open(Bolt(server.url, server.auth), create=True, clock=lambda: EPOCH)
        tell(store, [PARIS], minute=0)
        tell(store, [BERLIN], minute=1)
        logs = home / "data" / "transactions"
        assert _holds(logs, b"Zanzibar")
        left = _erase(store, [_passages(store)[BERLIN.text]["id"]])
        assert "until its next checkpoint" in left
        assert not store.check()
        store.close()
    finally:
        servers.stop(home)  # makes a checkpoint
    assert not _holds(logs, b"Zanzibar")
    assert not _holds(logs, b"Quixotically")


def _holds(folder: Path, word: bytes) -> bool:
    """Whether a word stands in any file, in any case."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return any(word.lower() in path.read_bytes().lower() for path in files)
