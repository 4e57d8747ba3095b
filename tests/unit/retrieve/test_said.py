"""What is asked of somebody is put as that one would say it."""

from __future__ import annotations

import pytest

from graphmem.retrieve.said import as_said


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What has Ann painted?", "I painted"),
        ("When did Ann's mother move to Oslo?", "my mother move to Oslo"),
        ("Where have Ann and Bob been?", "I and I been"),
        ("Did ann like it?", "I like it"),
        ("Annabel's cat?", "Annabel's cat"),
        ("What?", "What?"),
    ],
)
def test_a_question_is_put_as_it_would_be_answered(question: str, said: str) -> None:
    assert as_said(question, ["Ann Lee", "Bob"]) == said
