"""What a parser gets wrong is moved to where the rest of its parse says that it belongs."""

from __future__ import annotations

from graphmem.extract.repair import repaired

from .conftest import parse_of


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
