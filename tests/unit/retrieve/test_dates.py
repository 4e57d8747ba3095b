"""Times in a question as ranges, and the documents that are of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from small_world import Doc

from graphmem.graph.snapshot import OPEN_END, OPEN_START
from graphmem.index.passage_index import PassageIndex
from graphmem.model.retrieval import Query
from graphmem.model.time import parse_time, to_micros
from graphmem.retrieve.asking import Asking
from graphmem.retrieve.dates import AskedDate, AskedSpan, dates_in, near_dates, near_years, written
from graphmem.retrieve.explain import leads_to
from graphmem.retrieve.fuse import PASSAGES
from graphmem.retrieve.search import pools, rank
from graphmem.retrieve.seeds import seeds_of

MakeIndex = Callable[..., PassageIndex]
NOW = datetime(2026, 5, 13, 10, tzinfo=UTC)  # a Wednesday
MERGERS = (
    Doc("Corvane", "Corvane was founded in 1931."),
    Doc("Pellwick", "Pellwick bought Corvane in 1984 and moved to Dunmere."),
    Doc("Dunmere", "Dunmere is a port.", occurred_at=to_micros(parse_time("1992-03-01"))),
)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Who won in 1998?", ["1998"]),
        ("Who won between 1990 and 1995?", ["1990..1995"]),
        ("Who won from 1990 to 1995?", ["1990..1995"]),
        ("Who won 1990–1995?", ["1990..1995"]),
        ("Who won between March and May 2023?", ["2023-03-01..2023-05-31"]),
        ("Who ruled before 1945?", ["..1944"]),
        ("Who ruled before the year 1945?", ["..1944"]),
        ("Who ruled before the war ended in 1945?", ["..1945"]),
        ("Who ruled by 1945?", ["..1945"]),
        ("Who ruled after 1945?", ["1946.."]),
        ("Who ruled after the war began in 1939?", ["1939.."]),
        ("Who has ruled since 2005?", ["2005.."]),
        ("Who ruled from 1990 on?", ["1990.."]),
        ("Who sang in the 1980s?", ["1980..1989"]),
        ("Who sang before the 1980s?", ["..1979"]),
        ("Who sang in the 19th century?", ["1800..1899"]),
        ("Who sang in the twentieth century?", ["1900..1999"]),
        ("What was said before August 2018?", ["..2018-07-31"]),
        ("What did Ann do before she told of it on 8 May 2023?", ["2023-05-08"]),
        ("Which was first, one of 1990 or one of 2019?", ["1990", "2019"]),
        ("What did Ann do last year?", ["2025"]),
        ("What did Ann do last month?", ["2026-04-01..2026-04-30"]),
        ("What did Ann do last week?", ["2026-05-04..2026-05-10"]),
        ("What did Ann do this decade?", ["2020..2029"]),
        ("What did Ann do three years ago?", ["2023"]),
        ("What did Ann do in the last 2 weeks?", ["2026-04-29..2026-05-13"]),
        ("What did Ann do yesterday?", ["2026-05-12"]),
        ("Who lived 9000 years ago?", []),
        ("What is written by Ann?", []),
        ("What lasts?", []),
    ],
)
def test_times_are_read_as_what_they_cover(question: str, told: list[str]) -> None:
    assert [written(asked) for asked in dates_in(question, now=NOW)] == told


def test_what_is_told_from_now_needs_a_now() -> None:
    assert dates_in("What did Ann do last year?") == []


def test_a_range_ends_where_its_last_year_does() -> None:
    [span] = dates_in("between 1990 and 1995")
    start, end = (to_micros(datetime(year, 1, 1, tzinfo=UTC)) for year in (1990, 1996))
    assert span == AskedSpan(start or 0, end or 0)


def test_passages_of_a_time_are_found_by_their_own_time_and_by_years_they_write(
    make_index: MakeIndex,
) -> None:
    index = make_index(*MERGERS)
    n = len(index)

    def fit(*asked: AskedDate | AskedSpan) -> tuple[list[float], list[float]]:
        near = near_dates(asked, index.passages.occurred_at, index.facts, n=n)
        return near.tolist(), near_years(asked, index.years, n=n).tolist()

    assert fit(AskedDate(1984)) == ([0.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    assert fit(AskedDate(1984, 5)) == ([0.0, 0.0, 0.0], [0.0, 0.5, 0.0])
    assert fit(*dates_in("in the 1990s")) == ([0.0, 0.0, 1.0], [0.0, 0.0, 0.0])
    assert fit(*dates_in("before 1950")) == ([0.0, 0.0, 0.0], [1.0, 0.0, 0.0])
    assert fit(AskedSpan(OPEN_START, OPEN_END)) == ([0.0, 0.0, 1.0], [1.0, 1.0, 0.0])
    assert fit(AskedDate(None, 5)) == ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0])


def test_the_time_asked_for_is_a_seed_of_a_document(make_index: MakeIndex, asking: Asking) -> None:
    index = make_index(*MERGERS)
    query = Query(text="Which deals were made in the 1980s?", k=3)
    ranking = rank(index, query, replace(asking, learned=False))
    at = ranking.rows.tolist().index(1)
    seeds = seeds_of(index, query, ranking, at, leads_to(index, ranking, at))
    assert {seed.kind: seed.text for seed in seeds}["date"] == "1980..1989"


@pytest.mark.parametrize(
    ("as_of", "now", "fits"), [("1985-06-01", NOW, True), (None, NOW, False), (None, None, False)]
)
def test_last_year_is_told_from_the_moment_that_is_asked_as_of(
    make_index: MakeIndex, asking: Asking, as_of: str | None, now: datetime | None, fits: bool
) -> None:
    index = make_index(*MERGERS)
    moment = None if as_of is None else parse_time(as_of)
    query = Query(text="Which deals were made last year?", k=3, as_of=moment)
    [pool] = pools(index, query, replace(asking, now=now), np.ones(len(index), np.bool_))
    assert pool.kind == PASSAGES
    assert bool(pool.signals["date"].any()) is fits


def test_a_year_in_a_name_is_no_time_asked_for(make_index: MakeIndex, asking: Asking) -> None:
    index = make_index(*MERGERS, Doc("Dunmere (1984 film)", "A film."))
    query = Query(text="Who directed Dunmere (1984 Film)?", k=3)
    [pool] = pools(index, query, asking, np.ones(len(index), np.bool_))
    assert pool.question.dates == ()
