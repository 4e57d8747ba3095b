"""Timelines: what says the same is one entry, in the order in which it held or was told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.graph.timeline import Told, entries_of, within
from graphmem.model.change import Operation
from graphmem.model.history import Reason, Retelling
from graphmem.model.ids import Kind, content_id
from graphmem.model.knowledge import (
    DiscourseLink,
    Fact,
    FactKind,
    Member,
    Modality,
    Polarity,
    Sense,
    Supersession,
)
from graphmem.model.time import Interval, year_interval
from graphmem.model.timeline import Place, Way

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def _at(year: int, month: int = 1, day: int = 1) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


def _fact(text: str, *, held: tuple[int | None, int | None] = (None, None), **more: Any) -> Fact:
    """ "subject predicate object", with the years in which it held."""
    subject, predicate, other = text.split()
    start, end = (None if year is None else _at(year) for year in held)
    return Fact(
        id=content_id(Kind.FACT, text, *map(str, held), *map(str, more.values())),
        text=text,
        predicate=predicate,
        members=(
            Member(role="subject", entity_id=f"en_{subject}", text=subject),
            Member(role="object", entity_id=f"en_{other}", text=other, ordinal=1),
        ),
        valid_from=start,
        valid_to=end,
        recorded_at=NOW,
        **more,
    )


def _place(source: str, told: datetime | None = None, start: int = 0) -> Place:
    return Place(
        passage_id=f"pa_{source}{start}",
        episode_id=f"ep_{source}",
        source=source,
        title="",
        start=start,
        end=start + 1,
        occurred_at=told,
    )


def _told(facts: Sequence[Fact], places: dict[str, list[Place]] | None = None, **more: Any) -> Told:
    return Told(facts=facts, places=places or {}, **more)


def test_entries_come_by_when_they_held_else_by_when_they_were_told_undated_last() -> None:
    early, late = (
        _fact("Ann joins Acme", held=(2001, 2002)),
        _fact("Ann leads Acme", held=(2010, None)),
    )
    until = _fact("Ann lives Oslo", held=(None, 2005))
    talked, never = _fact("Ann likes tea"), _fact("Ann knows Bob")
    places = {talked.id: [_place("s", _at(2007))]}
    found = entries_of(_told([never, late, talked, until, early], places))
    assert [entry.text for entry in found] == [
        *("Ann joins Acme", "Ann lives Oslo", "Ann likes tea", "Ann leads Acme", "Ann knows Bob"),
    ]
    assert [entry.at for entry in found] == [_at(2001), _at(2005), _at(2007), _at(2010), None]


def test_what_says_the_same_is_one_entry_with_all_its_places() -> None:
    vague, exact = _fact("Ann joins Acme"), _fact("Ann joins Acme", held=(2001, 2002))
    places = {vague.id: [_place("b")], exact.id: [_place("a", _at(2004))]}
    [entry] = entries_of(_told([vague, exact], places))
    assert (entry.fact_id, entry.folded) == (exact.id, (vague.id,))
    assert [place.source for place in entry.places] == ["a", "b"]
    assert entry.said_at == _at(2004)


def test_what_happened_and_is_told_without_a_time_on_another_day_may_have_happened_again() -> None:
    for kind, until, entries in ((FactKind.EVENT, 2002, 2), (FactKind.STATE, None, 1)):
        exact = _fact("Ann wins race", held=(2001, until), kind=kind)
        again = _fact("Ann wins race", kind=kind)
        places = {again.id: [_place("b", _at(2003))], exact.id: [_place("a", _at(2002))]}
        assert len(entries_of(_told([again, exact], places))) == entries
        places[again.id].append(_place("c", _at(2002)))
        assert len(entries_of(_told([again, exact], places))) == 1


def test_what_was_so_until_some_time_is_not_what_is_so_at_no_known_time() -> None:
    over = _fact("Ann likes jazz", held=(2001, 2002), kind=FactKind.STATE)
    now = _fact("Ann likes jazz", kind=FactKind.STATE)
    assert len(entries_of(_told([over, now], {}))) == 2


def test_what_is_told_in_more_detail_is_in_the_entry_of_that_unless_two_matters_are() -> None:
    plain, one, two = _fact("Ann met Bob"), _fact("Ann met Bo"), _fact("Ann met Bobby")
    reason = str(Reason(Operation.UPDATE, Retelling.MORE.value, "more"))

    def told(*pairs: tuple[Fact, Fact]) -> list[tuple[str, tuple[str, ...]]]:
        links = [Supersession(newer_id=a.id, older_id=b.id, reason=reason) for a, b in pairs]
        entries = entries_of(Told(facts=[plain, one, two], places={}, supersessions=links))
        assert all(entry.superseded_by is None for entry in entries)
        return sorted((entry.fact_id, entry.folded) for entry in entries)

    assert told((one, plain)) == sorted([(one.id, (plain.id,)), (two.id, ())])
    chain = told((one, plain), (two, plain), (two, one))
    assert [(id, set(folded)) for id, folded in chain] == [(two.id, {one.id, plain.id})]
    assert told((one, plain), (two, plain)) == sorted([(f.id, ()) for f in (plain, one, two)])


def test_one_of_two_names_for_one_entity_does_not_make_two_entries() -> None:
    left, right = _fact("Ann joins Acme"), _fact("Annie joins Acme")
    assert len(entries_of(_told([left, right]))) == 2
    [entry] = entries_of(_told([left, right], one={"en_Annie": "en_Ann"}))
    assert entry.entity_ids == ("en_Ann", "en_Acme")


@pytest.mark.parametrize(
    "other",
    [
        _fact("Ann visits Oslo", held=(2010, 2011)),
        _fact("Ann visits Oslo", held=(2001, 2002), polarity=Polarity.NEGATIVE),
        _fact("Ann visits Oslo", held=(2001, 2002), modality=Modality.INTENDED),
        _fact("Ann visits Oslo", held=(2001, 2002), attribution="Bob"),
        _fact("Bob visits Oslo", held=(2001, 2002)),
    ],
    ids=["apart", "denied", "planned", "said by somebody", "of another"],
)
def test_what_says_something_else_stays_an_entry_of_its_own(other: Fact) -> None:
    assert len(entries_of(_told([_fact("Ann visits Oslo", held=(2001, 2002)), other]))) == 2


def test_what_took_its_place_is_told_with_the_reason() -> None:
    old, new = (
        _fact("Ann lives Oslo", held=(2001, 2005)),
        _fact("Ann lives Rome", held=(2005, None)),
    )
    ended = Supersession(newer_id=new.id, older_id=old.id, reason="moved")
    first, second = entries_of(_told([new, old], supersessions=[ended]))
    assert (first.superseded_by, first.reason) == (new.id, "moved")
    assert second.superseded_by is None


def test_links_read_from_either_end_also_to_facts_outside() -> None:
    why, what = _fact("Ann loses job"), _fact("Ann leaves Oslo")
    links = [
        DiscourseLink(source_id=why.id, target_id=what.id, sense=Sense.CAUSE, connective="so"),
        DiscourseLink(source_id=what.id, target_id="fa_out", sense=Sense.PRECEDES, passage_id="pa"),
        DiscourseLink(source_id=what.id, target_id="fa_gone", sense=Sense.PRECEDES),
    ]
    found = {
        entry.text: [(tie.way, tie.text) for tie in entry.ties]
        for entry in entries_of(_told([why, what], links=links, texts={"fa_out": "Ann rests"}))
    }
    assert found == {
        "Ann loses job": [(Way.SO, "Ann leaves Oslo")],
        "Ann leaves Oslo": [(Way.BECAUSE, "Ann loses job"), (Way.BEFORE, "Ann rests")],
    }


def test_a_span_keeps_what_held_in_it_or_was_told_in_it() -> None:
    past = _fact("Ann joins Acme", held=(2001, 2002))
    ongoing, over = (
        _fact("Ann leads Acme", held=(2002, None)),
        _fact("Ann has cat", held=(None, 2010)),
    )
    talked, never = _fact("Ann likes tea"), _fact("Ann knows Bob")
    places = {talked.id: [_place("s", _at(2010, 5))]}
    entries = entries_of(_told([past, ongoing, over, talked, never], places))

    def kept(span: Interval) -> set[str]:
        return {entry.text for entry in within(entries, span)}

    assert kept(year_interval(2010)) == {"Ann leads Acme", "Ann likes tea"}
    assert kept(Interval(None, _at(2002))) == {"Ann joins Acme", "Ann has cat"}
    assert kept(Interval(_at(2001), None)) == {entry.text for entry in entries} - {"Ann knows Bob"}


YEARS = st.none() | st.integers(2000, 2006)
FACTS = st.lists(
    st.builds(
        lambda verb, start, length: _fact(
            f"Ann {verb} Oslo",
            held=(start, None if start is None or length is None else start + length),
        ),
        st.sampled_from(["visits", "leaves"]),
        YEARS,
        st.none() | st.integers(1, 3),
    ),
    unique_by=lambda fact: fact.id,
    max_size=8,
)


@given(facts=FACTS, data=st.data())
def test_the_order_in_which_facts_come_in_changes_nothing_and_none_is_lost(
    facts: list[Fact], data: st.DataObject
) -> None:
    entries = entries_of(_told(facts))
    assert entries_of(_told(data.draw(st.permutations(facts)))) == entries
    told = sorted(id for entry in entries for id in (entry.fact_id, *entry.folded))
    assert told == sorted(fact.id for fact in facts)
    times = [entry.at for entry in entries]
    dated = [time for time in times if time is not None]
    assert times == sorted(dated) + [None] * (len(times) - len(dated))


@given(facts=FACTS)
def test_no_entry_stands_for_facts_that_were_apart(facts: list[Fact]) -> None:
    of = {fact.id: fact for fact in facts}
    for entry in entries_of(_told(facts)):
        for id in entry.folded:
            assert of[id].valid.overlaps(entry.valid) or of[id].valid_from is None
