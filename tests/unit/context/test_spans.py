"""Sentences of a passage: ends, abbreviations, lines."""

from __future__ import annotations

import pytest

from graphmem.context.spans import sentences, unwrapped


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dr. Lee came. She left.", ["Dr. Lee came.", "She left."]),
        ("Title\nIt rained.", ["Title", "It rained."]),
        ("She met Ray, Jr. and Acme Inc. in Oslo.", ["She met Ray, Jr. and Acme Inc. in Oslo."]),
        ("She met Bob Ray, Jr. He left.", ["She met Bob Ray, Jr.", "He left."]),
        ("- one\n- two", ["- one", "- two"]),
        (
            "The institute is much older than all of the houses\naround it. It stands.",
            ["The institute is much older than all of the houses\naround it.", "It stands."],
        ),
        (
            "A long line of more than fifty characters, and a list:\n- one\n\nThe end",
            ["A long line of more than fifty characters, and a list:", "- one", "The end"],
        ),
        ("", []),
    ],
)
def test_a_text_is_cut_where_a_sentence_or_a_line_ends(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == expected


def test_wrapped_lines_run_on_and_others_stay() -> None:
    text = (
        "The institute is much older than all of the houses\naround it. It stands.\n\n"
        "- one\n- two\nThe end"
    )
    assert unwrapped(text) == text.replace("houses\naround", "houses around")
