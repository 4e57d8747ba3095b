"""Filters hold from the first stage on: of what they allow, as many are found as are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from small_world import Doc, snapshot_of

from graphmem.graph.columns import Strings
from graphmem.graph.snapshot import OPEN_END, Category, Facts, Snapshot
from graphmem.index.passage_index import PassageIndex, build_index
from graphmem.model.retrieval import Filter, Mode, Query
from graphmem.model.time import to_micros
from graphmem.retrieve.asking import Asking
from graphmem.retrieve.search import rank
from graphmem.retrieve.walk import graph_of

QUESTION = "Where is the harbour of Aberwyn that Mara Lindqvist painted?"
EARLY, MIDDLE, LATE = (datetime(year, 1, 1, tzinfo=UTC) for year in (2001, 2011, 2021))
N_LIKE, N_WANTED = 300, 12
N = N_LIKE + N_WANTED


def micros(moment: datetime) -> int:
    found = to_micros(moment)
    assert found is not None
    return found


def documents(*, talk: bool) -> list[Doc]:
    """Many that are like the question, then a few that are not and differ in what is filtered."""
    like = [
        Doc(
            "" if talk else f"Harbour {n}",
            f"Mara Lindqvist painted the harbour of Aberwyn in picture {n}.",
            ("Mara Lindqvist", "Aberwyn"),
            speaker="Bob" if talk else "",
            session=f"talk {n % 9}",
            occurred_at=micros(EARLY),
            recorded_at=micros(LATE),
        )
        for n in range(N_LIKE)
    ]
    wanted = [
        Doc(
            "" if talk else f"Receipt {n}",
            f"Number {n} was paid for by Owen Pryce.",
            ("Owen Pryce",),
            speaker="Ann" if talk else "",
            session="other",
            occurred_at=micros(LATE),
            recorded_at=micros(EARLY),
        )
        for n in range(N_WANTED)
    ]
    return like + wanted


def stated(valid_from: Sequence[int], valid_to: Sequence[int]) -> Facts:
    """A fact a passage, without members."""
    n = len(valid_from)
    rows = np.arange(n, dtype=np.int32)
    return Facts(
        ids=Strings.of(f"fa_{row}" for row in rows),
        texts=Strings.of("It was so." for _ in rows),
        valid_from=np.array(valid_from, np.int64),
        valid_to=np.array(valid_to, np.int64),
        recorded_at=np.full(n, micros(EARLY)),
        retired_at=np.full(n, OPEN_END),
        member_indptr=np.zeros(n + 1, np.int64),
        members=np.empty(0, np.int32),
        evidence_facts=rows,
        evidence_passages=rows,
        evidence_starts=np.zeros(n, np.int64),
        evidence_ends=np.full(n, 9),
    )


def world(*, talk: bool) -> PassageIndex:
    """Their index; the few differ in every column that a filter reads."""
    snapshot: Snapshot = snapshot_of(documents(talk=talk))
    kinds = ["place" if name == "Owen Pryce" else "person" for name in snapshot.entities.names]
    is_wanted = [row >= N_LIKE for row in range(N)]
    snapshot = replace(
        snapshot,
        passages=replace(
            snapshot.passages,
            sources=Category.of("receipts" if wanted else "pictures" for wanted in is_wanted),
            attributes=Category.of('{"paid": "yes"}' if wanted else None for wanted in is_wanted),
        ),
        entities=replace(snapshot.entities, types=Category.of(kinds)),
        facts=stated(
            [micros(MIDDLE if wanted else EARLY) for wanted in is_wanted],
            [OPEN_END if wanted else micros(MIDDLE) for wanted in is_wanted],
        ),
        numbers=replace(snapshot.numbers, facts=np.arange(N)),
    )
    return build_index(snapshot, version=1)


@pytest.fixture(scope="module", params=["documents", "talk"])
def index(request: pytest.FixtureRequest) -> PassageIndex:
    return world(talk=request.param == "talk")


NARROW = {
    "source": Query(text=QUESTION, where=Filter(source="receipts")),
    "session": Query(text=QUESTION, where=Filter(session="other")),
    "type": Query(text=QUESTION, where=Filter(type="place")),
    "entity": Query(text=QUESTION, where=Filter(entity="owen pryce")),
    "since": Query(text=QUESTION, where=Filter(since=MIDDLE)),
    "attributes": Query(text=QUESTION, where=Filter(attributes={"paid": "yes"})),
    "speaker": Query(text=QUESTION, where=Filter(speaker="Ann")),
    "as_of": Query(text=QUESTION, as_of=LATE),
    "known_at": Query(text=QUESTION, known_at=MIDDLE),
}


@pytest.mark.parametrize("mode", [Mode.GRAPH, Mode.HYBRID, Mode.DENSE])
@pytest.mark.parametrize("name", NARROW)
def test_as_many_are_found_as_are_asked_for(
    index: PassageIndex, asking: Asking, name: str, mode: Mode
) -> None:
    is_talk = bool(index.passages.speakers.codes.any())
    if name == "speaker" and not is_talk:
        pytest.skip("documents have no speakers")
    found = rank(index, NARROW[name].model_copy(update={"k": 10, "mode": mode}), asking)
    assert len(found.rows) == 10
    assert found.rows.min() >= N_LIKE


def test_no_stage_gives_a_signal_to_what_is_filtered_out(
    index: PassageIndex, asking: Asking
) -> None:
    found = rank(index, Query(text=QUESTION, k=400, where=Filter(source="receipts")), asking)
    assert sorted(found.rows.tolist()) == list(range(N_LIKE, N))


def test_the_walk_leaves_out_facts_that_do_not_hold_and_what_is_not_known(
    index: PassageIndex,
) -> None:
    present = graph_of(index, NARROW["as_of"]).strengths >= 0
    first_fact = len(present) - N
    assert not present[first_fact : first_fact + N_LIKE].any()
    assert present[first_fact + N_LIKE :].all()
    assert present[:first_fact].all()
    known = graph_of(index, NARROW["known_at"]).strengths >= 0
    assert not known[:N_LIKE].any()
    assert known[N_LIKE:].all()


def test_a_walk_over_a_range_is_not_that_over_the_moment_at_which_it_begins(
    index: PassageIndex,
) -> None:
    moment = Query(text=QUESTION, as_of=EARLY)
    range_ = moment.model_copy(update={"as_of_until": LATE})
    for query, is_there in ((moment, False), (range_, True), (moment, False)):
        present = graph_of(index, query).strengths >= 0
        assert present[-N_WANTED:].all() == is_there


def test_without_times_the_walk_is_on_one_graph_that_stays(index: PassageIndex) -> None:
    query = Query(text=QUESTION)
    assert graph_of(index, query) is graph_of(index, query) is index.graph
