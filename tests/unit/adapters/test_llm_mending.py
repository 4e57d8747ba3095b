"""Mending JSON: nothing is made up, and what is whole stays as it is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmem.adapters.llms.mending import mended

SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=12)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(max_size=6), VALUES, max_size=5)


def is_part(part: Any, whole: Any) -> bool:
    """Whether `part` is `whole` with ends of its lists and objects left out."""
    if isinstance(whole, list):
        return isinstance(part, list) and len(part) <= len(whole) and all(map(is_part, part, whole))
    if isinstance(whole, dict):
        return isinstance(part, dict) and all(
            key in whole and is_part(value, whole[key]) for key, value in part.items()
        )
    return bool(part == whole)


@settings(deadline=None)
@given(value=OBJECTS)
def test_plain_json_is_left_alone(value: dict[str, Any]) -> None:
    assert mended(json.dumps(value)) == (value, False, False)


@settings(deadline=None)
@given(value=OBJECTS, data=st.data(), indent=st.sampled_from([None, 1]))
def test_of_a_cut_value_what_was_whole_is_kept(
    value: dict[str, Any], data: st.DataObject, indent: int | None
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    cut = text[: data.draw(st.integers(1, len(text)))]
    found = mended(cut)
    assert is_part(found.value, value)
    assert found.is_cut is (cut != text)
    if cut == text:
        assert found.value == value


@settings(deadline=None)
@given(items=st.lists(OBJECTS, min_size=1, max_size=5), data=st.data())
def test_a_cut_list_keeps_every_item_that_had_ended(
    items: list[dict[str, Any]], data: st.DataObject
) -> None:
    kept = data.draw(st.integers(1, len(items)))
    whole = '{"items": [' + ", ".join(map(json.dumps, items[:kept]))
    found = mended(whole + data.draw(st.sampled_from(["", ",", ', {"cut'])))
    assert found.value["items"][:kept] == items[:kept]
    assert found.is_cut


@settings(deadline=None)
@given(value=OBJECTS, before=st.text("abc .\n", max_size=9), after=st.text("xyz }]\n", max_size=9))
def test_words_around_the_value_do_not_matter(
    value: dict[str, Any], before: str, after: str
) -> None:
    assert mended(f"{before}```json\n{json.dumps(value, indent=2)}\n```{after}")[0] == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, 2,], }', {"a": [1, 2]}),
        ('{"a": 1,, "b": 2}', {"a": 1, "b": 2}),
        ('{"a": [{"b": 1} {"b": 2}]}', {"a": [{"b": 1}, {"b": 2}]}),
        ('{"a": True, "b": None}', {"a": True, "b": None}),
        ('{"a": "two\nlines"}', {"a": "two\nlines"}),
        ('{"a": [1, 2}', {"a": [1, 2]}),
        ('Of {x}: {"a": "{"}', {"a": "{"}),
        ("[1, 2", [1]),
    ],
)
def test_slips_are_mended(text: str, value: object) -> None:
    assert mended(text)[:2] == (value, True)


@pytest.mark.parametrize("text", ["", "no", "12", "null", "{'a': 1}", '{"a" 1}', "[" * 5000])
def test_what_cannot_be_read_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"JSON|object"):
        mended(text)
