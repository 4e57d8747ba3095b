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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("in the early 1920s", [("early 1920s", "1920-01-01", "1924-01-01")]),
        ("by the mid-18th century", [("mid-18th century", None, "1770-01-01")]),
        (
            "the late 19th and early 20th century",
            [("late 19th and early 20th century", "1870-01-01", "1940-01-01")],
        ),
        ("the early to mid-1980s", [("early to mid-1980s", "1980-01-01", "1987-01-01")]),
        ("in the 1970s and 1980s", [("1970s and 1980s", "1970-01-01", "1990-01-01")]),
        ("in the nineties", [("nineties", "1990-01-01", "2000-01-01")]),
        ("summer of 1627", [("summer of 1627", "1627-06-01", "1627-09-01")]),
        ("winter of 1962–63", [("winter of 1962–63", "1962-12-01", "1963-03-01")]),
        ("Q3 2019", [("Q3 2019", "2019-07-01", "2019-10-01")]),
        ("the first half of 2020", [("first half of 2020", "2020-01-01", "2020-07-01")]),
        ("at the end of 1997", [("end of 1997", "1997-09-01", "1998-01-01")]),
        ("in mid-June 1815", [("mid-June 1815", "1815-06-11", "1815-06-21")]),
        ("on 14–15 April 1912", [("14–15 April 1912", "1912-04-14", "1912-04-16")]),
        ("May 3–5, 2010", [("May 3–5, 2010", "2010-05-03", "2010-05-06")]),
        ("in 2005-6", [("2005-6", "2005-01-01", "2007-01-01")]),
        ("(2010 – present)", [("2010 – present", "2010-01-01", None)]),
        ("(1085 – before 1136)", [("1085 – before 1136", "1085-01-01", "1136-01-01")]),
        ("in AD 79", [("79", "0079-01-01", "0080-01-01")]),
        ("hits from the 1970s", [("1970s", "1970-01-01", "1980-01-01")]),
        ("ruling from 1705 until his death", [("1705", "1705-01-01", None)]),
        ("inspired by the 1964 film", [("1964", "1964-01-01", "1965-01-01")]),
        (
            "the week before 9 June 2023",
            [("the week before 9 June 2023", "2023-06-02", "2023-06-09")],
        ),
        (
            "the Friday before 15 July 2023",
            [("the Friday before 15 July 2023", "2023-07-14", "2023-07-15")],
        ),
    ],
)
def test_parts_of_the_calendar(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert spans_of(text) == expected


@pytest.mark.parametrize(
    ("text", "precision"),
    [
        ("c. 1450", Precision.DECADE),
        ("about 1891", Precision.DECADE),
        ("(c. 1179 – 1236)", Precision.DECADE),
        ("1501 to 23 May 1524", Precision.YEAR),
        ("summer 1991", Precision.MONTH),
        ("late 1990s", Precision.DECADE),
    ],
)
def test_a_time_is_as_precise_as_what_is_known_least(text: str, precision: Precision) -> None:
    [found] = find_times(text)
    assert found.interval.precision is precision


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("He won in 1984. Four years earlier he lost.", "1980-01-01", "1981-01-01"),
        ("He won in 1984. The following year he lost.", "1985-01-01", "1986-01-01"),
        ("In June 1950 they wed. Three years later they left.", "1953-01-01", "1954-01-01"),
        ("It was signed on 3 March 1861; the next day he fled.", "1861-03-04", "1861-03-05"),
        ("In 1999 he came. Until then he had taught.", None, "2000-01-01"),
        ("In March 2001 she came. Since then she has taught.", "2001-03-01", None),
        ("In 1805 there was war. In October he fled.", "1805-10-01", "1805-11-01"),
        ("On 4 July 1910 it left; on 9 July it sank.", "1910-07-09", "1910-07-10"),
        (
            "It was built in 1932 and closed in the spring of the following year.",
            "1933-03-01",
            "1933-06-01",
        ),
        (
            "In 2009 they came, and filmed from April to July of that year.",
            "2009-04-01",
            "2009-08-01",
        ),
        ("He served from 1914 to 1918 and died two years later.", "1920-01-01", "1921-01-01"),
    ],
)
def test_a_time_is_told_from_the_last_date_of_the_text(
    text: str, start: str | None, end: str | None
) -> None:
    found = find_times(text)[-1]
    ends = [moment and moment.date().isoformat() for moment in found.interval[:2]]
    assert ends == [start, end]
    assert found.is_relative


@pytest.mark.parametrize(
    "text",
    [
        "The following year he left.",
        "Ten months later he left.",
        "In 1950 he came. Three days later he left.",
        "In 1950 he came. He died six months before she was born.",
        "The rain falls in July. It was hottest in 1931, and wettest in May.",
        "in 480 BC",
        "the 2nd-century-BCE poet",
        "We have room for 1500 guests",
        "Flight 1549 landed",
    ],
)
def test_what_the_text_does_not_date_stays_unread(text: str) -> None:
    found = find_times(text)
    assert not any(time.is_relative for time in found)
    assert len(found) == text.count("In 1950") + text.count("1931")


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("I saw her on Friday.", "2023-05-05", "2023-05-06"),
        ("I'll see her on Friday.", "2023-05-12", "2023-05-13"),
        ("My exam is on 22 June.", "2023-06-22", "2023-06-23"),
        ("The concert was on 22 June.", "2022-06-22", "2022-06-23"),
        ("In June I'm going to start.", "2023-06-01", "2023-07-01"),
        ("By Friday I need an answer.", None, "2023-05-13"),
        ("Between Monday and Wednesday I was away.", "2023-05-01", "2023-05-04"),
        ("It poured the weekend before last.", "2023-04-29", "2023-05-01"),
        ("It is the day after tomorrow.", "2023-05-10", "2023-05-11"),
        ("I learned it last summer.", "2022-06-01", "2022-09-01"),
        ("On New Year's Eve we danced.", "2022-12-31", "2023-01-01"),
        ("Six weeks from now I leave.", "2023-06-19", "2023-06-26"),
        ("In the last two months I read.", "2023-03-08", "2023-05-09"),
        ("On the 2nd we met.", "2023-05-02", "2023-05-03"),
    ],
)
def test_what_is_said_in_a_talk_lies_where_the_verb_says(
    text: str, start: str | None, end: str | None
) -> None:
    [found] = find_times(text, now=NOW)
    ends = [moment and moment.date().isoformat() for moment in found.interval[:2]]
    assert ends == [start, end]


@pytest.mark.parametrize(
    "text", ["I haven't talked to her in two weeks.", "My first match in three years!"]
)
def test_what_was_not_done_in_two_weeks_does_not_lie_ahead(text: str) -> None:
    assert find_times(text, now=NOW) == []


@given(
    lead=st.sampled_from(
        [
            "",
            "999 years before ",
            "the week before ",
            "late ",
            "winter of ",
            "the day after ",
            "the",
        ]
    ),
    day=st.sampled_from(["1 January ", "31 December ", "December ", "29 February ", ""]),
    year=st.sampled_from(
        ["0000", "0001", "0002", "100", "9998", "9999", "99th century", "0th century"]
    ),
    after=st.sampled_from(["", ". The following year it fell.", ". A week later it fell."]),
)
def test_dates_at_the_ends_of_the_calendar_raise_nothing(
    lead: str, day: str, year: str, after: str
) -> None:
    for now in (None, datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)):
        for span in find_times(
            f"In {lead}{day}{year}{after} It is on Friday, 31 December.", now=now
        ):
            assert span.name


def test_what_recurs_is_no_time() -> None:
    assert find_times("Every June we swim, and in April each year we run.", now=NOW) == []


WORDS = (
    "late early mid- the of in from until - – to and 1990s 1999 May 19th century 5 c. before week"
    " last Friday two years later that year summer first half then since (present) ago ."
).split()


@given(st.lists(st.sampled_from(WORDS), max_size=12))
def test_any_words_of_time_have_ordered_spans(words: list[str]) -> None:
    text, position = " ".join(words), 0
    for span in find_times(text, now=NOW):
        assert position <= span.start < span.end <= len(text)
        position = span.end
        start, end = span.interval.start, span.interval.end
        assert start is None or end is None or start < end
        assert span.name
