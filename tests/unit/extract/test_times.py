from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.extract.time import find_times
from graphmem.model.time import Precision, parse_interval

NOW = datetime(2023, 5, 8, 13, 56, tzinfo=UTC)  # a Monday
DATES = st.dates(min_value=date(1000, 1, 1), max_value=date(2099, 12, 31))


def spans_of(text: str) -> list[tuple[str, str | None, str | None]]:
    def day(moment: datetime | None) -> str | None:
        return None if moment is None else moment.date().isoformat()

    return [
        (text[t.start : t.end], day(t.interval.start), day(t.interval.end))
        for t in find_times(text, now=NOW)
    ]


@given(day=DATES, form=st.sampled_from(["{d} {m} {y}", "{m} {d}, {y}", "{m} {y}", "{iso}"]))
def test_written_dates_read_as_a_general_parser_reads_them(day: date, form: str) -> None:
    written = form.format(d=day.day, m=f"{day:%B}", y=day.year, iso=day.isoformat())
    [found] = find_times(f"It rained in {written}.")
    assert found.interval == parse_interval(written)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("She joined in 2021.", [("2021", "2021-01-01", "2022-01-01")]),
        ("from 2015 to 2019", [("2015 to 2019", "2015-01-01", "2020-01-01")]),
        ("between 995 and 997", [("995 and 997", "0995-01-01", "0998-01-01")]),
        ("in 928 or 929 without", [("928 or 929", "0928-01-01", "0930-01-01")]),
        ("in the 1990s", [("1990s", "1990-01-01", "2000-01-01")]),
        ("the 19th century", [("19th century", "1800-01-01", "1900-01-01")]),
        ("from January to March 2020", [("January to March 2020", "2020-01-01", "2020-04-01")]),
        ("the 2003-04 season", [("2003-04", "2003-01-01", "2005-01-01")]),
        ("since May 2019", [("May 2019", "2019-05-01", None)]),
        ("until 2018", [("2018", None, "2019-01-01")]),
        ("before 1960", [("1960", None, "1960-01-01")]),
        ("died after 938", [("938", "0939-01-01", None)]),
        ("on 1st of May 2020", [("1st of May 2020", "2020-05-01", "2020-05-02")]),
    ],
)
def test_explicit_times(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert spans_of(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "between 200 and 300 people",
        "in 995 men",
        "a population of 12,345",
        "call 555-1234-99",
        "31 June 2020 was never",
        "the year 0000",
        "9999 things in 9999",
        "2020-13-45",
        "It may rain. March on!",
        "version 1.2015.3",
    ],
)
def test_what_is_no_time(text: str) -> None:
    assert spans_of(text) == []


@pytest.mark.parametrize(
    ("text", "start", "end", "name"),
    [
        ("today", "2023-05-08", "2023-05-09", "8 May 2023"),
        ("yesterday", "2023-05-07", "2023-05-08", "7 May 2023"),
        ("tomorrow", "2023-05-09", "2023-05-10", "9 May 2023"),
        ("last Friday", "2023-05-05", "2023-05-06", "5 May 2023"),
        ("last Monday", "2023-05-01", "2023-05-02", "1 May 2023"),
        ("next Monday", "2023-05-15", "2023-05-16", "15 May 2023"),
        ("this Saturday", "2023-05-13", "2023-05-14", "13 May 2023"),
        ("last week", "2023-05-01", "2023-05-08", "week of 1 May 2023"),
        ("next month", "2023-06-01", "2023-07-01", "June 2023"),
        ("last year", "2022-01-01", "2023-01-01", "2022"),
        ("two weeks ago", "2023-04-24", "2023-05-01", "week of 24 April 2023"),
        ("a month ago", "2023-04-01", "2023-05-01", "April 2023"),
        ("10 years ago", "2013-01-01", "2014-01-01", "2013"),
        ("in June", "2022-06-01", "2022-07-01", "June 2022"),
        ("on 2 May", "2023-05-02", "2023-05-03", "2 May 2023"),
        ("last June", "2022-06-01", "2022-07-01", "June 2022"),
    ],
)
def test_relative_times_are_counted_from_when_it_was_said(
    text: str, start: str, end: str, name: str
) -> None:
    [found] = find_times(f"We met {text}.", now=NOW)
    assert found.interval.start is not None
    assert found.interval.end is not None
    assert found.interval.start.date().isoformat() == start
    assert found.interval.end.date().isoformat() == end
    assert (found.name, found.is_relative) == (name, True)


@given(now=st.datetimes(min_value=datetime(1970, 1, 2)), days=st.integers(1, 999))  # noqa: DTZ001
def test_days_ago_are_days(now: datetime, days: int) -> None:
    now = now.replace(tzinfo=UTC)
    [found] = find_times(f"We met {days} days ago.", now=now)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    assert found.interval.start == midnight - timedelta(days=days)
    assert found.interval.precision is Precision.DAY


@pytest.mark.parametrize("text", ["yesterday", "last week", "in June", "two years ago"])
def test_relative_times_stay_unread_without_a_moment(text: str) -> None:
    assert find_times(f"We met {text}.") == []


def test_what_would_leave_the_calendar_is_left_out() -> None:
    early = datetime(1, 1, 2, tzinfo=UTC)
    assert find_times("It was 999 years ago, or 99 weeks ago.", now=early) == []
    late = datetime(9999, 12, 31, tzinfo=UTC)
    assert find_times("It is tomorrow, next year, or in 9 months.", now=late) == []


@given(st.text(alphabet="0123456789 -–/.,JunMay stndhrcenuy'agoin", max_size=50))
def test_any_text_has_ordered_times_or_none(text: str) -> None:
    position = 0
    for span in find_times(text, now=NOW):
        assert position <= span.start < span.end <= len(text)
        position = span.end
        start, end = span.interval.start, span.interval.end
        assert start is None or end is None or start < end
