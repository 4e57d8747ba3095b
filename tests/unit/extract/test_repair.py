"""What a parser gets wrong is moved to where the rest of its parse says that it belongs."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from graphmem.extract.parse import Parse
from graphmem.extract.repair import headed, repaired

from .conftest import parse_of

WORDS = (
    ("singer", "NOUN", "NN"),
    ("painter", "NOUN", "NN"),
    ("and", "CCONJ", "CC"),
    (",", "PUNCT", ","),
    ("by", "ADP", "IN"),
    ("Ann", "PROPN", "NNP"),
    ("made", "VERB", "VBN"),
    ("starring", "VERB", "VBG"),
    ("is", "AUX", "VBZ"),
)
RELATIONS = (
    "nsubj dobj pobj attr conj appos acl advcl agent prep cc punct aux compound amod".split()
)


@st.composite
def trees(draw: st.DrawFn) -> Parse:
    """Any words in any tree."""
    size = draw(st.integers(2, 12))
    drawn = draw(st.lists(st.sampled_from(WORDS), min_size=size, max_size=size))
    words, pos, tags = zip(*drawn, strict=True)
    order = draw(st.permutations(range(size)))
    heads = [0] * size
    for place, token in enumerate(order):
        heads[token] = order[draw(st.integers(0, place - 1))] if place else token
    deps = [draw(st.sampled_from(RELATIONS)) for _ in range(size)]
    deps[order[0]] = "ROOT"
    starts = [sum(len(word) + 1 for word in words[:at]) for at in range(size)]
    return Parse(
        text=" ".join(words),
        words=words,
        lemmas=["star" if word == "starring" else word.lower() for word in words],
        pos=pos,
        tags=tags,
        deps=deps,
        heads=heads,
        starts=starts,
        ends=[start + len(word) for start, word in zip(starts, words, strict=True)],
        sentences=[(0, size)],
        entities=[],
    )


@settings(max_examples=300, deadline=None)
@given(parse=trees(), first=st.integers(0, 11), length=st.integers(1, 6))
def test_whatever_is_mended_a_parse_stays_a_tree(parse: Parse, first: int, length: int) -> None:
    first %= len(parse)
    for mended in (repaired(parse), headed(parse, [(first, min(first + length, len(parse)))])):
        for token in range(len(mended)):
            for _ in range(len(mended)):
                token = mended.heads[token]  # noqa: PLW2901
            assert mended.heads[token] == token


def heads_and_relations(table: str) -> list[tuple[int, str]]:
    mended = repaired(parse_of(table))
    return list(zip(mended.heads, mended.deps, strict=True))


def test_a_parse_without_fault_stays_itself() -> None:
    parse = parse_of("Ann ann PROPN NNP nsubj 1\nran run VERB VBD ROOT 1")
    assert repaired(parse) is parse


def test_a_noun_in_a_list_is_conjoined_whatever_it_was_called() -> None:
    found = heads_and_relations("""
    Ann      ann      PROPN NNP nsubj 1
    was      be       AUX   VBD ROOT  1
    a        a        DET   DT  det   3
    poet     poet     NOUN  NN  attr  1
    ,        ,        PUNCT ,   punct 3
    organist organist ADJ   JJ  amod  3
    and      and      CCONJ CC  cc    5
    painter  painter  NOUN  NN  conj  5
    """)
    assert found[5] == (3, "conj")


def test_what_hangs_on_a_semicolon_belongs_above_it_and_by_tells_another_agent() -> None:
    found = heads_and_relations("""
    Kent   kent   PROPN NNP nsubjpass 2
    is     be     AUX   VBZ auxpass   2
    bound  bind   VERB  VBN ROOT      2
    by     by     ADP   IN  agent     2
    Essex  essex  PROPN NNP pobj      3
    ;      ;      PUNCT :   punct     2
    by     by     ADP   IN  prep      5
    Surrey surrey PROPN NNP pobj      6
    """)
    assert found[6] == (2, "agent")
    assert found[7] == (6, "pobj")
