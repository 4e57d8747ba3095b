from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from graphmem.extract.parse import Parse
from graphmem.extract.plain import plain


@st.composite
def trees(draw: st.DrawFn) -> list[int]:
    """Heads of a random tree over up to 12 tokens, the root its own head."""
    size = draw(st.integers(1, 12))
    order = draw(st.permutations(range(size)))
    heads = [0] * size
    heads[order[0]] = order[0]
    for place in range(1, size):
        heads[order[place]] = order[draw(st.integers(0, place - 1))]
    return heads


def parse_with(heads: list[int]) -> Parse:
    size = len(heads)
    column = ["x"] * size
    return Parse(
        text=" ".join(column),
        words=column,
        lemmas=column,
        pos=column,
        tags=column,
        deps=column,
        heads=heads,
        starts=[2 * n for n in range(size)],
        ends=[2 * n + 1 for n in range(size)],
        sentences=[(0, size)],
    )


@given(trees())
def test_subtrees_reach_from_their_first_token_to_their_last(heads: list[int]) -> None:
    parse = parse_with(heads)

    def under(token: int) -> set[int]:
        found = {token}
        while more := {t for t, h in enumerate(heads) if h in found} - found:
            found |= more
        return found

    for token in range(len(heads)):
        assert (parse.left[token], parse.right[token]) == (min(under(token)), max(under(token)))
        assert set(parse.children[token]) == {
            t for t, h in enumerate(heads) if h == token and t != token
        }


@given(trees(), st.integers(0, 30), st.integers(1, 10))
def test_tokens_in_a_span_are_those_that_overlap_it(
    heads: list[int], start: int, length: int
) -> None:
    parse = parse_with(heads)
    first, last = parse.tokens_in(start, start + length)
    assert list(range(first, last)) == [
        token
        for token in range(len(heads))
        if parse.starts[token] < start + length and parse.ends[token] > start
    ]


PIECES = st.sampled_from(
    ["Ann", " ", "(born 1920)", "half- ", "brother", " ’s", "(", ")", ",", "."]
)


@given(st.lists(PIECES, max_size=20).map("".join))
def test_what_is_left_of_a_text_stands_where_it_stood(text: str) -> None:
    left = plain(text)
    places = left.original(range(len(left.text)))
    assert "".join(text[place] for place in places) == left.text
    assert places == sorted(set(places))


def test_asides_and_blanks_of_tokenised_text_are_left_out() -> None:
    text = "Ann( born 1920) is Bob ’s half- sister (see below)."
    assert plain(text).text == "Ann is Bob’s half-sister."
