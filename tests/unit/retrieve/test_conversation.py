"""Turns are found by what is said around them, by whom, when, and by what a question asks for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from small_world import Doc

from graphmem.graph.columns import Strings
from graphmem.graph.snapshot import Facts
from graphmem.index.passage_index import PassageIndex
from graphmem.model.retrieval import Filter, Query
from graphmem.model.time import parse_time, to_micros
from graphmem.retrieve.asking import Asking
from graphmem.retrieve.dates import AskedDate, dates_in, near_dates
from graphmem.retrieve.kinds import asks_for_several, kinds_asked
from graphmem.retrieve.search import rank

MakeIndex = Callable[..., PassageIndex]


def talk(*turns: tuple[str, str]) -> list[Doc]:
    return [Doc("", text, speaker=speaker, session="s1") for speaker, text in turns]


def best(index: PassageIndex, question: str, asking: Asking, **where: str) -> int:
    query = Query(text=question, k=1, where=Filter(**where))
    return int(rank(index, query, asking).rows[0])


def test_the_one_who_is_asked_about_comes_first(make_index: MakeIndex, asking: Asking) -> None:
    index = make_index(*talk(("Bob", "I keep bees."), ("Ann", "I keep bees."), ("Bob", "Yes.")))
    assert best(index, "Does Ann keep bees?", asking) == 1
    assert best(index, "Does Bob keep bees?", asking) == 0


def test_an_answer_is_found_though_it_shares_no_word(make_index: MakeIndex, asking: Asking) -> None:
    filler = [(name, f"Number {i} is a fine day for it.") for i in range(6) for name in ("Ann",)]
    index = make_index(*talk(*filler, ("Bob", "What is your new kitten called?"), ("Ann", "Luna!")))
    query = Query(text="What is Ann's kitten called?", k=2)
    assert set(rank(index, query, asking).rows.tolist()) == {6, 7}


def test_a_filter_by_speaker_holds_before_the_cut(make_index: MakeIndex, asking: Asking) -> None:
    index = make_index(*talk(("Bob", "I keep bees."), ("Ann", "It rained."), ("Bob", "Bees!")))
    assert best(index, "Who keeps bees?", asking, speaker="Ann") == 1


@pytest.mark.parametrize(
    ("question", "kinds"),
    [
        ("When did Ann move?", {"time"}),
        ("How many cats does Ann have?", {"number"}),
        ("How long has Ann lived there?", {"time", "number", "duration"}),
        ("Where did they meet?", {"place"}),
        ("Which city did Ann visit?", {"place"}),
        ("Who gave Ann the ring?", {"person"}),
        ("What book is Ann reading?", {"name", "work"}),
        ("Why did Ann leave?", {"reason"}),
        ("Does Ann like tea?", set()),
    ],
)
def test_what_a_question_asks_for(question: str, kinds: set[str]) -> None:
    assert {kind.name for kind in kinds_asked(question)} == kinds


@pytest.mark.parametrize("question", ["What pets does Ann have?", "How many times did Ann win?"])
def test_questions_for_several_things_are_told(question: str) -> None:
    assert asks_for_several(question)


@pytest.mark.parametrize("question", ["Where does Ann live?", "What is Ann's job?", "Who is he?"])
def test_questions_for_one_thing_are_told(question: str) -> None:
    assert not asks_for_several(question)


@pytest.mark.parametrize(
    ("question", "dates"),
    [
        ("What did Ann do on 8 May, 2023?", [AskedDate(2023, 5, 8)]),
        ("What happened on May 8th?", [AskedDate(None, 5, 8)]),
        ("What did Ann do in July 2022?", [AskedDate(2022, 7)]),
        ("What did Ann do in July?", [AskedDate(None, 7)]),
        ("What was said on 2023-05-08?", [AskedDate(2023, 5, 8)]),
        ("Who won in 1998?", [AskedDate(1998)]),
        ("What may Ann do?", []),
        ("How far did Mary march?", []),
    ],
)
def test_dates_are_read_from_a_question(question: str, dates: list[AskedDate]) -> None:
    assert dates_in(question) == dates


def micros(text: str) -> int:
    value = to_micros(parse_time(text))
    assert value is not None
    return value


def test_a_date_is_near_what_was_said_then_and_what_is_said_of_it() -> None:
    said = np.array([micros("2023-05-08T10:00"), micros("2023-05-20"), micros("2023-09-01")])
    one = np.array([micros("2023-05-08")])
    facts = Facts(
        ids=Strings.of(["fa_1"]),
        texts=Strings.of(["Ann ran."]),
        valid_from=one,
        valid_to=np.array([micros("2023-05-09")]),
        recorded_at=one,
        retired_at=one,
        member_indptr=np.zeros(2, np.int64),
        members=np.empty(0, np.int32),
        evidence_facts=np.array([0], np.int32),
        evidence_passages=np.array([2], np.int32),
        evidence_starts=np.array([0]),
        evidence_ends=np.array([9]),
    )
    day = near_dates([AskedDate(2023, 5, 8)], said, facts, n=3)
    assert day.tolist() == [2.0, 1.0, 2.0]
    assert near_dates([AskedDate(None, 5)], said, facts, n=3).tolist() == [1.0, 1.0, 1.0]
    assert near_dates([AskedDate(2023, 2, 30)], said, facts, n=3).tolist() == [0.0] * 3
