"""Shapes of questions: what is to be worked out is told by the question's function words."""

from __future__ import annotations

import pytest

from graphmem.context.shapes import Asked, Shape, shape_of

ASKED = {
    "What has changed since Nora moved to Saltmere?": Asked(
        Shape.CHANGES, "", "Nora moved to Saltmere", "since"
    ),
    "What changed for Nora since May 2023?": Asked(Shape.CHANGES, "for Nora", "May 2023", "since"),
    "what happened to Acme after 2015": Asked(Shape.CHANGES, "to Acme", "2015", "after"),
    "Where did Ann live when she joined Acme?": Asked(
        Shape.STATE, "Where did Ann live", "she joined Acme"
    ),
    "Who was the chief of Acme in March 2018?": Asked(
        Shape.STATE, "Who was the chief of Acme", "March 2018"
    ),
    "When was the third time that Ann won the race?": Asked(Shape.NTH, "Ann won the race", nth=3),
    "Where was Ann the last time she called?": Asked(Shape.NTH, "she called", nth=-1),
    "Where did Ann live before she moved to Oslo?": Asked(
        Shape.BESIDE, "Where did Ann live", "she moved to Oslo", "before"
    ),
    "What did Ann do right after the race?": Asked(
        Shape.BESIDE, "What did Ann do", "the race", "just after"
    ),
    "Did Ann marry before she moved to Oslo?": Asked(
        Shape.ORDER, "Ann marry", "she moved to Oslo", "before"
    ),
    "Which film was released first, Jazz Boat or Her Husband's Trademark?": Asked(
        Shape.ORDER, "Jazz Boat", "Her Husband's Trademark", nth=1, verb="film was released"
    ),
    "Who is younger, Ann Lee or Bob Ray?": Asked(
        Shape.ORDER, "Ann Lee", "Bob Ray", nth=-1, verb="is was born"
    ),
    "How long was Ann the chief of Acme?": Asked(Shape.LASTING, "Ann the chief of Acme"),
    "How many years did Ann live in Oslo?": Asked(Shape.LASTING, "Ann live in Oslo", unit="year"),
    "How many weeks passed between Ann's race and the wedding?": Asked(
        Shape.BETWEEN, "the wedding", "Ann's race", unit="week"
    ),
    "How long after joining Acme did Ann leave it?": Asked(
        Shape.BETWEEN, "Ann leave it", "joining Acme", "after"
    ),
    "How many times has Ann been to Oslo?": Asked(Shape.COUNT, "Ann been to Oslo"),
}


@pytest.mark.parametrize("question", ASKED)
def test_a_question_is_taken_apart(question: str) -> None:
    assert shape_of(question) == ASKED[question]


@pytest.mark.parametrize(
    "question",
    [
        "Who founded Acme?",
        "When did Ann join Acme?",
        "Which film has more directors, Jazz Boat or Metello?",
        "Who sang the song Before Sunset?",
        "Who is the performer of That'S When Your Heartaches Begin?",
        "What river is named after the explorer?",
        "How many children does Ann have?",
        "How did Ann feel while watching the meteor shower?",
        "",
        "?",
    ],
)
def test_other_questions_are_left_alone(question: str) -> None:
    assert shape_of(question) is None
