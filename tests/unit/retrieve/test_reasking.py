"""A question asked on: the name found out stands where what it stands for stood."""

from __future__ import annotations

import pytest

from graphmem.retrieve.reasking import asked_on


@pytest.mark.parametrize(
    ("question", "name", "asked"),
    [
        (
            "Who is the spouse of the director of Jump for Glory?",
            "Jump for Glory",
            "Who is the spouse of Raoul Walsh?",
        ),
        (
            "Where was the composer of the song Heave Ho born?",
            "Heave Ho",
            "Where was Raoul Walsh born?",
        ),
        (
            "Who is the spouse of Big Eyes's main director?",
            "Big Eyes",
            "Who is the spouse of Raoul Walsh?",
        ),
        (
            "Which region is Corey Taylor's city of birth located in?",
            "Corey Taylor",
            "Which region is Raoul Walsh located in?",
        ),
        (
            "Who played the “Heave Ho” singer in Walk the Line?",
            "Heave Ho",
            "Who played Raoul Walsh in Walk the Line?",
        ),
        (
            "Who was in charge of the state where Konkan is located?",
            "Konkan",
            "Who was in charge of the state where Raoul Walsh is located?",
        ),
        ("When did Konkan join?", "Konkan", "When did Raoul Walsh join?"),
        ("Who wrote Heave Ho", "Heave Ho", "Who wrote Raoul Walsh?"),
    ],
)
def test_a_name_is_asked_of_in_the_place_of_what_leads_to_it(
    question: str, name: str, asked: str
) -> None:
    start = question.index(name)
    assert asked_on(question, start, start + len(name), "Raoul Walsh") == asked
