"""Each query of the library, asked of a small memory whose answers are known by reading it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graphmem.adapters.cypher.embedded import EmbeddedCypher
from graphmem.adapters.stores.sqlite import SqliteStore
from graphmem.model.change import ChangeSet
from graphmem.model.knowledge import Fact
from graphmem.model.time import to_micros
from graphmem_queries.catalogue import NamedQuery, bind, catalogue, named

DATA = Path(__file__).parents[2] / "data" / "cypher_memory.json"
FOUNDED = "Ann Lee founded Acme."
ACME = "Ann Lee works for Acme."
GLOBEX = "Ann Lee works for Globex."
INITECH = "Ann Lee works for Initech."
SOLD = "Acme was sold to Globex."
BERLIN = "Acme is based in Berlin."
PARIS = "Acme is based in Paris."
LIKES = "Bob likes Acme."
DISLIKES = "Bob does not like Acme."


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedCypher]:
    folder = tmp_path_factory.mktemp("memory")
    store = SqliteStore.open(folder, clock=lambda: datetime(2024, 6, 1, tzinfo=UTC), create=True)
    with closing(store):
        store.apply(ChangeSet.model_validate_json(DATA.read_text()))
        yield EmbeddedCypher(store, "default")


@pytest.fixture
def ask(runner: EmbeddedCypher) -> Any:
    """Runs a named query; returns rows as mappings."""

    def run(name: str, **given: str) -> list[dict[str, Any]]:
        query = named(name)
        result = runner.run(query.statement, bind(query, given))
        assert result.warnings == ()
        return [dict(zip(result.columns, row, strict=True)) for row in result.rows]

    return run


def column(rows: list[dict[str, Any]], *names: str) -> list[Any]:
    return [row[names[0]] if len(names) == 1 else tuple(row[n] for n in names) for row in rows]


def year(number: int, month: int = 1, day: int = 1) -> int:
    micros = to_micros(datetime(number, month, day, tzinfo=UTC))
    assert micros is not None
    return micros


@pytest.mark.parametrize(
    "who", ["Ann Lee", "ANN LEE", "annie", "en_50856f5dc1da3e036b5e9d784c7d9318"]
)
def test_about_finds_an_entity_by_name_alias_or_id(ask: Any, who: str) -> None:
    rows = ask("about", entity=who)
    assert column(rows, "fact") == [FOUNDED, ACME, GLOBEX]
    assert set(column(rows, "entity", "role")) == {("Ann Lee", "subject")}


def test_about_leaves_out_what_is_no_longer_believed(ask: Any) -> None:
    assert INITECH not in column(ask("about", entity="Initech"), "fact")
    assert column(ask("about", entity="Berlin"), "role", "fact") == [("object", BERLIN)]


def test_about_puts_first_what_is_surest_and_keeps_to_the_limit(ask: Any) -> None:
    facts = column(ask("about", entity="Acme"), "fact")
    assert facts == [BERLIN, FOUNDED, ACME, SOLD, DISLIKES, LIKES, PARIS]
    assert len(ask("about", entity="Acme", limit="2")) == 2


def test_a_timeline_is_in_the_order_in_which_facts_held(ask: Any) -> None:
    rows = ask("timeline", entity="Acme")
    assert column(rows, "fact") == [BERLIN, FOUNDED, ACME, PARIS, SOLD, DISLIKES, LIKES]
    assert rows[3]["valid_from"] == year(2018)
    # Nothing says since when Bob likes Acme: what is known is when he said so.
    assert (rows[-1]["valid_from"], rows[-1]["said_at"]) == (None, year(2024, 3))


def test_what_is_held_to_be_one_is_known_under_each_of_its_names(ask: Any) -> None:
    """Initech and Globex are, in the memory of these tests."""
    for who in ("Initech", "Globex"):
        rows = ask("about", entity=who)
        assert set(column(rows, "entity", "fact")) == {("Globex", SOLD), ("Globex", GLOBEX)}
        assert set(column(ask("timeline", entity=who), "fact")) == {SOLD, GLOBEX}
        assert set(column(ask("neighbourhood", entity=who), "neighbour")) == {"Acme", "Ann Lee"}


def test_a_path_leads_over_facts_from_one_to_the_other(ask: Any) -> None:
    rows = ask("path", **{"from": "berlin", "to": "Bob"})
    assert column(rows, "path") == [
        ["Berlin", BERLIN, "Acme", DISLIKES, "Bob"],
        ["Berlin", BERLIN, "Acme", LIKES, "Bob"],
    ]
    assert column(rows, "facts", "believed") == [(2, True), (2, True)]


def test_a_path_over_what_is_no_longer_believed_says_so(ask: Any) -> None:
    rows = ask("path", **{"from": "Annie", "to": "Initech"})
    assert column(rows, "path", "believed") == [(["Ann Lee", INITECH, "Initech"], False)]


def test_a_path_may_cross_two_names_for_one_entity(ask: Any) -> None:
    rows = ask("path", **{"from": "Globex", "to": "Initech"})
    assert column(rows, "path", "facts") == [(["Globex", "Initech"], 0)]


def test_there_is_no_path_to_nobody_or_to_oneself(ask: Any) -> None:
    assert ask("path", **{"from": "Bob", "to": "Nobody"}) == []
    assert ask("path", **{"from": "Bob", "to": "Bob"}) == []


def test_changes_are_those_since_the_moment_the_latest_first(ask: Any) -> None:
    rows = ask("changes", since="2024-03-01")
    assert column(rows, "change", "fact") == [
        ("retired", INITECH),
        ("learned", INITECH),
        ("learned", DISLIKES),
        ("learned", LIKES),
    ]
    assert rows[0]["changed_at"] == year(2024, 3, 5)
    assert ask("changes", since="2025") == []


def test_changes_name_what_took_the_place_of_what(ask: Any) -> None:
    rows = ask("changes", since="2024-01-01")
    superseded = [row for row in rows if row["change"] == "superseded"]
    assert column(superseded, "fact", "replaced_by") == [(ACME, GLOBEX)]
    assert len(rows) == 9 + 1 + 1


def test_contradictions_are_opposite_polarities_and_rival_values_that_overlap(ask: Any) -> None:
    rows = ask("contradictions")
    assert column(rows, "subject", "conflict", "fact", "other") == [
        ("Bob", "polarity", DISLIKES, LIKES),
        ("Acme", "value", BERLIN, PARIS),
    ]


def test_contradictions_of_one_entity_only(ask: Any) -> None:
    assert column(ask("contradictions", entity="acme corp"), "other") == [PARIS]
    # She worked for one until 2021 and for the other from then on.
    assert ask("contradictions", entity="Ann Lee") == []


@pytest.mark.parametrize(
    ("changed", "subjects"),
    [
        ({}, ["Bob", "Acme"]),
        ({"valid_to": datetime(2018, 1, 1, tzinfo=UTC)}, ["Bob"]),
        ({"valid_to": datetime(2018, 1, 2, tzinfo=UTC)}, ["Bob", "Acme"]),
        # "Until 2018" and "since 2018" share no more than what such words leave open.
        ({"valid_to": datetime(2019, 1, 1, tzinfo=UTC), "precision": "year"}, ["Bob"]),
        ({"valid_to": datetime(2020, 1, 1, tzinfo=UTC), "precision": "year"}, ["Bob", "Acme"]),
        ({"kind": "event"}, ["Bob"]),
        ({"predicate": "base near"}, ["Bob"]),
        ({"retired_at": datetime(2024, 5, 1, tzinfo=UTC)}, ["Bob"]),
    ],
)
def test_contradictions_take_facts_that_hold_at_once(
    tmp_path: Path, changed: dict[str, Any], subjects: list[str]
) -> None:
    told = ChangeSet.model_validate_json(DATA.read_text())
    facts = tuple(
        Fact.model_validate({**fact.model_dump(), **changed}) if fact.id == "fa_berlin" else fact
        for fact in told.facts
    )
    store = SqliteStore.open(tmp_path, clock=lambda: datetime.now(UTC), create=True)
    with closing(store):
        store.apply(told.model_copy(update={"facts": facts}))
        query = named("contradictions")
        rows = EmbeddedCypher(store, "default").run(query.statement, bind(query, {})).rows
    assert [row[0] for row in rows] == subjects


def test_sources_quote_word_for_word_with_the_place(ask: Any) -> None:
    (row,) = ask("sources", fact="sold to globex")
    assert row["quote"] == "Acme was sold to Globex in 2020"
    assert (row["source"], row["title"]) == ("file:history.md", "A history of Acme")
    # The second passage begins at character 60 of the document.
    assert (row["start"], row["end"]) == (60, 91)
    (said,) = ask("sources", fact="fa_dislikes")
    assert (said["speaker"], said["quote"]) == ("Carol", "you don't like Acme")


def test_the_most_central_is_connected_to_the_most_others(ask: Any) -> None:
    rows = ask("central")
    assert column(rows[:3], "entity", "neighbours", "facts") == [
        ("Acme", 5, 7),
        ("Ann Lee", 2, 3),
        ("Globex", 2, 2),
    ]
    assert column(ask("central", type="place"), "entity") == ["Berlin", "Paris"]


def test_the_neighbourhood_is_who_shares_a_fact_and_why(ask: Any) -> None:
    rows = ask("neighbourhood", entity="Acme")
    assert column(rows, "neighbour", "facts", "predicates") == [
        ("Ann Lee", 2, ["found", "work for"]),
        ("Bob", 2, ["like"]),
        ("Berlin", 1, ["base in"]),
        ("Globex", 1, ["sell to"]),
        ("Paris", 1, ["base in"]),
    ]


def test_why_tells_causes_and_what_came_of_it(ask: Any) -> None:
    (cause,) = ask("why", fact="works for globex")
    assert (cause["direction"], cause["other"]) == ("because of", SOLD)
    assert (cause["senses"], cause["connectives"], cause["steps"]) == (["cause"], ["so"], 1)
    (outcome,) = ask("why", fact="fa_sold")
    assert (outcome["direction"], outcome["other"]) == ("leads to", GLOBEX)
    assert ask("why", fact="fa_likes") == []


@pytest.mark.parametrize("fact", ["fa_joined", "fa_works"])
def test_history_is_found_from_either_end(ask: Any, fact: str) -> None:
    rows = ask("history", fact=fact)
    assert column(rows, "newer", "older", "reason") == [(GLOBEX, ACME, "a later employer")]


def test_find_looks_into_names_and_aliases(ask: Any) -> None:
    assert column(ask("find", text="CORP"), "entity", "aliases", "facts") == [
        ("Acme", ["Acme Corp"], 7)
    ]
    assert column(ask("find", text="an"), "entity") == ["Ann Lee"]


QUERIES = list(catalogue().values())


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_a_header_declares_what_the_statement_uses_and_returns(
    query: NamedQuery, runner: EmbeddedCypher
) -> None:
    assert query.doc.endswith(".")
    used = set(re.findall(r"\$(\w+)", query.statement))
    bound = {name for parameter in query.parameters for name in parameter.bound}
    assert bound == used - {"namespace"}  # always given
    assert {p.name for p in query.parameters if p.kind == "when"} == {"as_of", "known_at"}
    given = {p.name: "2024" if p.kind == "time" else "x" for p in query.parameters if p.required}
    columns = runner.run(query.statement, bind(query, given)).columns
    assert re.sub(r"\s*\([^)]*\)", "", query.returns).split(", ") == list(columns)


def test_a_query_is_kept_under_its_own_name() -> None:
    files = Path(__file__).parents[3] / "queries" / "graphmem_queries" / "cypher"
    assert {path.stem for path in files.glob("*.cypher")} == set(catalogue())
    for path in files.glob("*.cypher"):
        assert f"// name: {path.stem}\n" in path.read_text()
