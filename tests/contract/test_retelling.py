"""What a store holds once something is told again: known once, told in all of its places."""

from __future__ import annotations

from dataclasses import replace

import pytest
from statements import EPOCH, Statement, facts_in, tell

from graphmem.maintain.consolidate import Changed
from graphmem.maintain.history import history_of
from graphmem.model.change import ChangeSet, Operation
from graphmem.model.history import Retelling
from graphmem.model.knowledge import DiscourseLink, Sense
from graphmem.ports.store import GraphStore
from graphmem.resolve.states_file import load_states
from graphmem.stages import retelling
from graphmem.stages.consolidating import steps_of
from graphmem.stages.erasing import erase
from graphmem.stages.known_names import KnownNames
from graphmem.stages.revising import revise

SELLS = Statement("Acme", "sell", "object", "Boats", said="2020-01-01")
SINCE = replace(SELLS, said="2020-02-01", since="2010")
TRIPLE = replace(SELLS, predicate="sells", said="2020-03-01")


def _one(store: GraphStore, since: str | None, predicate: str = "sell") -> str:
    [found] = [
        fact.id
        for fact in facts_in(store)
        if fact.predicate == predicate and (fact.valid_from is not None) == (since is not None)
    ]
    return found


def _sources(store: GraphStore, fact_id: str) -> set[str]:
    passages = store.passages([item.passage_id for item in store.evidence_of([fact_id])])
    return {passage.text for passage in passages.values()}


def test_more_detail_updates_what_is_known_and_is_told_with_it(store: GraphStore) -> None:
    tell(store, [SELLS], minute=0)
    plain = _one(store, None)
    revised = tell(store, [SINCE], minute=1)
    assert revised.operations == {Operation.UPDATE: 1}
    [revision] = revised.revisions
    assert (revision.rule, revision.fact_id) == (Retelling.MORE, plain)
    assert _sources(store, plain) == {SELLS.text, SINCE.text}
    assert _sources(store, revision.by) == {SINCE.text}
    assert store.facts([plain])[plain].strength > store.facts([revision.by])[revision.by].strength
    [event] = [event for event in history_of(store, plain).events if event.by == revision.by]
    assert (event.operation, event.reason) == (Operation.UPDATE, SINCE.text)
    # The other way round, the same is believed, and told in the same places.
    tell(store, [SINCE], minute=0, namespace="late")
    revised = tell(store, [SELLS], minute=1, namespace="late")
    assert revised.operations == {Operation.NOOP: 1}
    ends = [
        {
            (fact.valid_from, fact.retired_at, *_sources(store, fact.id))
            for fact in facts_in(store, namespace)
        }
        for namespace in ("default", "late")
    ]
    assert {e[0] for e in ends[0]} == {e[0] for e in ends[1]}
    assert sorted(len(e) for e in ends[0]) == sorted(len(e) for e in ends[1]) == [3, 4]
    assert store.check() == []


def test_the_same_in_other_words_is_known_and_reinforces(store: GraphStore) -> None:
    tell(store, [SELLS], minute=0)
    plain = _one(store, None)
    for minute, day in enumerate(("2020-03-01", "2020-04-01"), 1):
        told = replace(TRIPLE, said=day)
        revised = tell(store, [told], minute=minute)
        assert revised.operations == {Operation.NOOP: 1}
    believed = [fact for fact in facts_in(store) if fact.retired_at is None]
    assert [fact.id for fact in believed] == [plain]
    assert len(store.evidence_of([plain])) == 3
    assert believed[0].strength > 2
    [event] = [e for e in history_of(store, _one(store, None, "sells")).events if e.by == plain]
    assert event.operation is Operation.NOOP
    # A telling of lower trust is not held for one of higher trust.
    surer = replace(TRIPLE, said="2020-05-01", trust=0.9, since="2012")
    assert tell(store, [surer], minute=3).operations == {Operation.UPDATE: 1}
    assert store.check() == []


def test_what_was_told_again_stays_when_one_of_its_sources_goes(store: GraphStore) -> None:
    tell(store, [SELLS], minute=0)
    tell(store, [SINCE, TRIPLE], minute=1)
    plain, dated = _one(store, None), _one(store, "2010")
    [passage] = {item.passage_id for item in store.evidence_of([dated])}
    erase(
        store,
        "default",
        [passage],
        states=load_states(),
        same=lambda id: [id],
        now=EPOCH,
    )
    assert store.facts([dated]) == {}
    assert _sources(store, plain) == {SELLS.text, TRIPLE.text}
    assert store.facts([plain])[plain].retired_at is None
    assert not [link for link in store.supersessions_of([plain]) if link.newer_id == dated]
    assert store.check() == []


def test_no_erased_word_is_left_in_why_something_is_known(store: GraphStore) -> None:
    tell(store, [SELLS], minute=0)
    tell(store, [replace(SINCE, before="Quixotically")], minute=1)
    tell(store, [SINCE], minute=2)
    dated = _one(store, "2010")
    [first] = {
        item.passage_id
        for item in store.evidence_of([dated])
        if "Quixotically" in store.passages([item.passage_id])[item.passage_id].text
    }
    erased = erase(store, "default", [first], states=load_states(), same=lambda id: [id], now=EPOCH)
    [link] = store.supersessions_of([dated])
    assert link.reason == f"UPDATE {Retelling.MORE.value}: {SINCE.text}"
    # A folder of one's own holds no word of it; of a server's own files that cannot be said.
    is_folder = store.info().backend == "sqlite"
    assert ("checkpoint" in erased.left) is not is_folder


def test_on_different_days_or_of_nobody_named_they_stay_apart(store: GraphStore) -> None:
    for minute, told in enumerate(
        (
            SELLS,
            replace(SELLS, is_denied=True),
            replace(SELLS, value="Ships"),
            replace(SINCE, since="2005", until="2006"),
            replace(SINCE, since="2008", until="2009"),
        )
    ):
        assert tell(store, [told], minute=minute).operations == {Operation.ADD: 1}


def test_links_of_a_wording_that_is_merged_are_those_of_what_stands_for_it(
    store: GraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retelling, "_EVERYWHERE", 0)  # as if everybody was in very many passages
    tell(store, [SELLS], minute=0)
    tell(store, [TRIPLE, Statement("Bob", "visit", "object", "Oslo")], minute=1)
    plain, triple = _one(store, None), _one(store, None, "sells")
    [visit] = [fact.id for fact in facts_in(store) if fact.predicate == "visit"]
    to, since = (
        DiscourseLink(source_id=source, target_id=target, sense=Sense.CAUSE, connective=word)
        for source, target, word in ((visit, triple, "because"), (triple, visit, "so"))
    )
    store.apply(ChangeSet(namespace="default", discourse=(to, since)))
    names = KnownNames(store, "default")
    steps = steps_of(store, names, lambda: EPOCH, states=load_states(), learns=False)
    [step] = [step for step in steps if step.name == "duplicates"]
    made = step.run(Changed((), (plain, triple, visit)))
    assert made.changes is not None
    assert dict(made.changes.retired_facts).keys() == {triple}
    store.apply(made.changes)
    ends = {(link.source_id, link.target_id) for link in store.discourse_of([plain])}
    assert ends == {(visit, plain), (plain, visit)}
    # What was known of it before can still be asked for.
    assert set(store.discourse_of([triple])) == {to, since}
    # Told once more in these words, with its cause, it is the standing one that has that cause.
    cause = to.model_copy(update={"connective": "since"})
    again = ChangeSet(
        namespace="default", facts=tuple(store.facts([triple]).values()), discourse=(cause,)
    )
    revised = revise(store, again, states=load_states(), same=lambda id: [id], now=EPOCH)
    assert [link.target_id for link in revised.changes.discourse] == [plain]
    assert store.check() == []
