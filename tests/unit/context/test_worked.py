"""Working out: what no entry says alone, and nothing where it is not sure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.context.shapes import shape_of
from graphmem.context.worked import Worked, work_out
from graphmem.kernels.arrays import Floats
from graphmem.model.knowledge import FactKind, Modality, Polarity
from graphmem.model.time import Interval, Precision, day_interval, parse_interval, year_interval
from graphmem.model.timeline import Entry, Place

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def _no_vectors(words: Sequence[str]) -> Floats:
    return np.zeros((len(words), 0), np.float32)


def _entry(text: str, when: str | Interval = "", *, told: str = "", **more: Any) -> Entry:
    """An entry of a text whose first word, and last one if it is a name, are its entities."""
    first, predicate, *_, last = text.rstrip(".").split()
    valid = parse_interval(when) if isinstance(when, str) and when else when
    held = valid if isinstance(valid, Interval) else Interval(None, None)
    at = datetime.fromisoformat(told).replace(tzinfo=UTC) if told else None
    place = Place(
        passage_id=f"pa_{text}",
        episode_id=f"ep_{told}",
        source="s",
        title="",
        start=0,
        end=9,
        occurred_at=at,
    )
    fields: dict[str, Any] = {
        "fact_id": f"fa_{text}{when}|{told}",
        "text": text,
        "predicate": predicate,
        "kind": FactKind.EVENT,
        "modality": Modality.ACTUAL,
        "polarity": Polarity.POSITIVE,
        "valid_from": held.start,
        "valid_to": held.end,
        "precision": held.precision if valid else None,
        "said_at": at,
        "recorded_at": NOW,
        "entity_ids": (first, last),
        "places": (place,),
    }
    return Entry(**{**fields, **more})


def _asked(question: str, entries: Sequence[Entry]) -> Worked | None:
    asked = shape_of(question)
    assert asked is not None
    return work_out(asked, entries, _no_vectors)


WORLD = [
    _entry("Ann was born in 1980.", "1980"),
    _entry("Bob was born in 1975.", "1975"),
    _entry(
        "Ann lives in Oslo.",
        Interval(year_interval(2001).start, year_interval(2009).end, Precision.YEAR),
        kind=FactKind.STATE,
    ),
    _entry("Ann joined Acme.", "2009-03"),
    _entry("Ann won the race.", "2011-05-03"),
    _entry("Ann won the race.", "2012-05-01"),
    _entry(
        "Ann was the chief of Acme.",
        Interval(
            year_interval(2012).start,
            year_interval(2016).end,
            Precision.YEAR,
        ),
        kind=FactKind.STATE,
    ),
    _entry("Ann won the race.", "2013-05-06"),
    _entry("Ann won the race.", told="2013-05-06"),
    _entry("Bob won the race.", "2014-05-05"),
    _entry("Ann walked for three weeks.", "2015-08"),
    _entry("Ann left Acme.", "2016-07"),
    _entry("Ann sold the boat.", told="2017-02-01"),
    _entry("Ann visited Rome.", "2018", modality=Modality.INTENDED),
    _entry("Ann visited Rome.", "2019", polarity=Polarity.NEGATIVE),
]
TOLD = {
    "How many times has Ann won the race?": "3 times: 3 May 2011; 1 May 2012; 6 May 2013",
    "How many times has Ann won the race in 2012?": "1 time: 1 May 2012",
    "When was the second time that Ann won the race?": "1 May 2012: Ann won the race.",
    "When was the last time that Ann won the race?": "6 May 2013: Ann won the race.",
    "When was the fifth time that Ann won the race?": "Only 3 such times known: 6 May 2013",
    "Who was born first, Ann or Bob?": "Bob: 1980 and 1975",
    "Who was born later, Ann or Bob?": "Ann: 1980 and 1975",
    "Had Ann joined Acme before she left Acme?": "Yes: March 2009 and July 2016",
    "Had Ann left Acme before she joined Acme?": "No: July 2016 and March 2009",
    "How long was Ann the chief of Acme?": "About 4 years: Ann was the chief of Acme.",
    "How long has Ann walked?": "Three weeks: Ann walked for three weeks.",
    "How many years passed between Ann joined Acme and Ann left Acme?": (
        "About 7 years: March 2009 and July 2016"
    ),
    # In days it cannot be said: only the months are known.
    "How many days passed between Ann joined Acme and Ann left Acme?": (
        "About 88 months: March 2009 and July 2016"
    ),
    "Who was the chief of Acme in 2014?": "In 2014: Ann was the chief of Acme (2012 – 2016)",
    "Where did Ann live when she joined Acme?": (
        "At that time (March 2009): Ann lives in Oslo (2001 – 2009)"
    ),
    "What did Ann do before she left Acme?": (
        "Before that (July 2016): Ann walked for three weeks (August 2015); "
        "Ann won the race (6 May 2013); Ann won the race (1 May 2012)"
    ),
    "What has changed since Ann left Acme?": (
        "Since August 2016: Ann was the chief of Acme (2012 – 2016); "
        "Ann sold the boat (told on 1 February 2017)"
    ),
}
UNSURE = (
    "How many times has Ann visited Rome?",  # planned, and denied
    "How many times has Zoe won the race?",
    "Who was born first, Ann or Zoe?",
    "Who was the chief of Acme in 2018?",
    "How long has Ann lived in Rome?",
    "What has changed since Zoe left?",
    "Had Ann left Acme before Ann left Acme?",
)


@pytest.mark.parametrize("question", TOLD)
def test_what_entries_tell_together_is_worked_out(question: str) -> None:
    found = _asked(question, WORLD)
    assert found is not None
    assert found.text == TOLD[question]
    assert found.entries
    assert set(found.entries) <= set(WORLD)


@pytest.mark.parametrize("question", UNSURE)
def test_what_they_do_not_surely_tell_is_left_to_passages(question: str) -> None:
    assert _asked(question, WORLD) is None
    assert _asked(question, []) is None


def test_what_happened_to_what_a_thing_has_is_found_by_the_fact_between() -> None:
    entries = [
        _entry("Metello is directed by Bolognini.", entity_ids=("Metello", "Bolognini")),
        _entry("Bolognini was born in 1922.", "1922"),
        _entry("Hell is directed by Breillat.", entity_ids=("Hell", "Breillat")),
        _entry("Breillat was born in 1948.", "1948"),
        _entry("Hell is a 2004 film."),
        _entry("Metello is a 1970 film."),
    ]
    born = _asked("Which film is directed by who was born first, Hell or Metello?", entries)
    assert born is not None
    assert born.text == "Metello: 1948 and 1922"
    assert len(born.entries) == 4
    released = _asked("Which film was released first, Hell or Metello?", entries)
    assert released is not None
    assert released.text == "Metello: 2004 and 1970"


def test_what_another_ended_lasted_until_then() -> None:
    married = Interval(year_interval(2015).start, year_interval(2022).start, Precision.YEAR)
    wedding = _entry("Ann married Bob.", married, superseded_by="fa_divorce")
    divorce = _entry("Ann divorced Bob.", "2022")
    lasted = _asked("How long was Ann married to Bob?", [wedding, divorce])
    assert lasted is not None
    assert lasted.text.startswith("About 7 years: ")
    changed = _asked("What changed for Ann since 2020?", [wedding, divorce])
    assert changed is not None
    assert changed.text == "Since 2020: Ann married Bob (until 2022); Ann divorced Bob (2022)"


def test_a_move_came_about_on_its_day_though_it_held_until_the_next() -> None:
    moved = parse_interval("2019-03-01").start, parse_interval("2023-06-01").start
    entries = [
        _entry("Ann moved to Oslo.", Interval(*moved, Precision.DAY), superseded_by="fa_next"),
        _entry("Ann sold the boat.", "2020-05-04"),
        _entry("Ann moved to Rome.", Interval(moved[1], None, Precision.DAY), fact_id="fa_next"),
    ]
    found = _asked("What did Ann do right after she moved to Oslo?", entries)
    assert found is not None
    assert found.text == "After that (1 March 2019): Ann sold the boat (4 May 2020)"
    between = _asked(
        "How many years passed between Ann moved to Oslo and Ann moved to Rome?", entries
    )
    assert between is not None
    assert between.text.startswith("About 4 years: 1 March 2019 and 1 June 2023")


@given(days=st.lists(st.integers(0, 3000), min_size=1, max_size=7))
def test_days_apart_are_counted_once_each_whatever_their_order(days: list[int]) -> None:
    start = datetime(2011, 1, 1, tzinfo=UTC)
    dates = [start + timedelta(days=day) for day in days]
    entries = [
        _entry("Ann won the race.", day_interval(d.year, d.month, d.day), told=f"2020-01-0{n + 1}")
        for n, d in enumerate(dates)
    ]
    found = _asked("How many times has Ann won the race?", sorted(entries, key=_at))
    assert found is not None
    assert int(found.text.split()[0]) == len(set(days)) == len(found.entries)


def _at(entry: Entry) -> datetime:
    assert entry.at is not None
    return entry.at
