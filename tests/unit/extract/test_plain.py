"""What a parser is not shown of a text, and where what it is shown stands."""

from __future__ import annotations

import pytest

from graphmem.extract.plain import plain


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("He left in 1990.[citation needed] She stayed.", "He left in 1990. She stayed."),
        ("A widespread view[vague][who?] holds.", "A widespread view holds."),
        ("The bay [12] is deep [nb 3], they say.[4, 5]", "The bay is deep, they say."),
        ("Ann Lee (born 1950) sails.", "Ann Lee sails."),
        ("It work[s] for [his] firm.", "It work[s] for [his] firm."),
    ],
)
def test_asides_and_marks_of_editors_are_left_out(written: str, read: str) -> None:
    shown = plain(written)
    assert shown.text == read
    offsets = list(range(len(read)))
    assert [written[at] for at in shown.original(offsets)] == list(read)
