"""A wrapped line goes on; a heading, an item and a paragraph end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.kernels.layout import unwrap


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ines has been chief since March\n2021.", "Ines has been chief since March 2021."),
        ("# Acme\nAcme is a firm.", "  Acme\nAcme is a firm."),
        ("Acme\n\nAcme is a firm.", "Acme\n\nAcme is a firm."),
        (
            "Port Kestrel\nPort Kestrel is a harbour town.",
            "Port Kestrel\nPort Kestrel is a harbour town.",
        ),
        ("It builds:\n- turbines\n- boats", "It builds:\n  turbines\n  boats"),
        ("They met Mara and Jonas\nWhitlock there.", "They met Mara and Jonas Whitlock there."),
        ("Title\n=====\nText", "Title\n     \nText"),
        ("One line - with a dash", "One line - with a dash"),
        ("a\r\nb", "a  b"),
    ],
)
def test_breaks_are_told_apart(text: str, expected: str) -> None:
    assert unwrap(text) == expected


@given(text=st.text(st.sampled_from("aB #-*.\n\r1)é"), max_size=60))
def test_nothing_moves_and_no_word_changes(text: str) -> None:
    made = unwrap(text)
    assert len(made) == len(text)
    assert all(b in {a, " "} for a, b in zip(text, made, strict=True))
    assert [c for c in made if c.isalpha()] == [c for c in text if c.isalpha()]
