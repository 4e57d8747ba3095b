from __future__ import annotations

from datetime import UTC, datetime

import pytest
from dateutil.rrule import DAILY, rrule
from hypothesis import given
from hypothesis import strategies as st

from graphmem.extract.spans import (
    DAY,
    WEEKDAYS,
    bounds,
    coarser,
    fraction,
    name_of,
    part,
    season,
    shifted,
    week_of,
    weekday,
    weekend_of,
    years,
)
from graphmem.model.time import Interval, Precision, day_interval, month_interval, year_interval

YEARS = st.integers(2, 9900)
MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(tzinfo=UTC)
)


@pytest.mark.parametrize(
    "whole",
    [
        years(1990, 10, Precision.DECADE),
        years(1800, 100, Precision.CENTURY),
        year_interval(2020),
        month_interval(2020, 2),
    ],
)
def test_early_mid_and_late_make_up_the_whole(whole: Interval) -> None:
    early, mid, late = (part(whole, which) for which in ("early", "mid", "late"))
    assert (early.start, late.end) == (whole.start, whole.end)
    assert early.end == mid.start
    assert mid.end == late.start
    assert part(whole, "early", "mid") == early._replace(end=mid.end)
    assert early.precision is whole.precision


@given(year=YEARS, of=st.sampled_from([2, 4]))
def test_halves_and_quarters_make_up_a_year(year: int, of: int) -> None:
    found = [fraction(year_interval(year), nth + 1, of) for nth in range(of)]
    starts, ends = zip(*(bounds(piece) for piece in found if piece), strict=True)
    assert (starts[0], ends[-1]) == bounds(year_interval(year))
    assert list(starts[1:]) == list(ends[:-1])


def test_a_century_has_quarters_and_a_decade_only_halves() -> None:
    assert fraction(years(1800, 100, Precision.CENTURY), 1, 4) == years(1800, 25, Precision.DECADE)
    decade = years(1990, 10, Precision.DECADE)
    assert fraction(decade, 2, 2) == years(1995, 5, Precision.YEAR)
    assert fraction(decade, 1, 4) is None
    assert fraction(day_interval(1990, 1, 1), 1, 2) is None


@given(moment=MOMENTS)
def test_a_week_begins_on_monday_and_ends_with_its_weekend(moment: datetime) -> None:
    start, end = bounds(week_of(moment))
    assert start <= moment < end
    assert (start.weekday(), end - start) == (0, 7 * DAY)
    assert bounds(weekend_of(moment)) == (end - 2 * DAY, end)


@given(moment=MOMENTS, name=st.sampled_from(WEEKDAYS), step=st.sampled_from([-1, 1]))
def test_a_weekday_is_the_first_that_a_calendar_finds(
    moment: datetime, name: str, step: int
) -> None:
    first = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    days = rrule(DAILY, dtstart=first - 7 * DAY, count=15, byweekday=WEEKDAYS.index(name))
    wanted = [day for day in days if (day > first if step > 0 else day < first)]
    assert bounds(weekday(moment, name, step))[0] == (wanted[0] if step > 0 else wanted[-1])


@given(moment=MOMENTS, unit=st.sampled_from(["day", "week", "month", "year"]), n=st.integers(0, 99))
def test_steps_there_and_back_lead_to_the_same_place(moment: datetime, unit: str, n: int) -> None:
    there = bounds(shifted(moment, unit, n))[0]
    assert shifted(there, unit, -n) == shifted(moment, unit, 0)


def test_winter_goes_on_into_the_next_year() -> None:
    assert bounds(season("winter", 2022)) == (
        datetime(2022, 12, 1, tzinfo=UTC),
        datetime(2023, 3, 1, tzinfo=UTC),
    )


def test_the_coarser_of_two_precisions() -> None:
    assert coarser(Precision.DAY, Precision.YEAR) is Precision.YEAR
    assert coarser(Precision.CENTURY, Precision.INSTANT) is Precision.CENTURY


@pytest.mark.parametrize(
    ("interval", "name"),
    [
        (day_interval(2023, 5, 7), "7 May 2023"),
        (week_of(datetime(2023, 5, 3, tzinfo=UTC)), "week of 1 May 2023"),
        (season("summer", 1991), "June 1991 – August 1991"),
        (years(1990, 10, Precision.DECADE), "1990s"),
        (years(1800, 100, Precision.CENTURY), "19th century"),
        (years(2014, 3, Precision.YEAR), "2014 – 2016"),
        (year_interval(2014)._replace(end=None), "2014"),
    ],
)
def test_an_interval_is_named_as_it_is_written(interval: Interval, name: str) -> None:
    assert name_of(interval) == name
