"""What a parse leaves out of every clause is told, and each fact reads as a sentence."""

from __future__ import annotations

from collections.abc import Callable

from graphmem.extract.inflection import past, third_person
from graphmem.model.extraction import Extraction

Reading = Callable[..., Extraction]


def stated(extraction: Extraction) -> list[tuple[str, list[tuple[str, str]]]]:
    return [(f.text, [(m.role, m.name) for m in f.members]) for f in extraction.facts]


def test_a_noun_that_is_no_argument_is_told_after_the_core_of_its_clause(reading: Reading) -> None:
    table = """
    Ann    ann    PROPN NNP nsubj 1
    used   use    VERB  VBD ROOT  1
    glass  glass  NOUN  NN  dobj  1
    made   make   VERB  VBN acl   2
    in     in     ADP   IN  prep  3
    kilns  kiln   NOUN  NNS pobj  4
    like   like   ADP   IN  prep  5
    ovens  oven   NOUN  NNS pobj  6
    ,      ,      PUNCT ,   punct 7
    stoves stove  NOUN  NNS dep   7
    .      .      PUNCT .   punct 1
    """
    found = stated(reading(table, [(0, 1, "PERSON")]))
    held = {name for _, members in found for _, name in members}
    assert {"Ann", "glass", "kilns", "ovens", "stoves"} <= held


def test_an_infinitive_reads_with_the_clause_that_it_completes(reading: Reading) -> None:
    table = """
    Ann   ann   PROPN NNP nsubj 1
    asked ask   VERB  VBD ROOT  1
    Bob   bob   PROPN NNP dobj  1
    to    to    PART  TO  aux   4
    leave leave VERB  VB  xcomp 1
    Oslo  oslo  PROPN NNP dobj  4
    .     .     PUNCT .   punct 1
    """
    found = dict(stated(reading(table, [(0, 1, "PERSON"), (2, 3, "PERSON"), (5, 6, "GPE")])))
    assert found["Ann asked Bob to leave Oslo."] == [
        ("subject", "Bob"), ("object", "Oslo"), ("governor", "Ann"),
    ]  # fmt: skip


def test_a_participle_reads_in_the_past_that_it_tells_of(reading: Reading) -> None:
    table = """
    Ann      ann   PROPN NNP nsubj 1
    left     leave VERB  VBD ROOT  1
    Oslo     oslo  PROPN NNP dobj  1
    ,        ,     PUNCT ,   punct 1
    marrying marry VERB  VBG advcl 1
    Bob      bob   PROPN NNP dobj  4
    .        .     PUNCT .   punct 1
    """
    found = stated(reading(table, [(0, 1, "PERSON"), (2, 3, "GPE"), (5, 6, "PERSON")]))
    assert [text for text, _ in found] == ["Ann left Oslo.", "Ann married Bob."]


def test_a_definite_part_is_said_to_be_the_topics(reading: Reading) -> None:
    table = """
    Blue       blue       PROPN NNP nsubj     1
    is         be         AUX   VBZ ROOT      1
    a          a          DET   DT  det       3
    song       song       NOUN  NN  attr      1
    .          .          PUNCT .   punct     1

    The        the        DET   DT  det       6
    production production NOUN  NN  nsubjpass 8
    was        be         AUX   VBD auxpass   8
    handled    handle     VERB  VBN ROOT      8
    by         by         ADP   IN  agent     8
    Ann        ann        PROPN NNP pobj      9
    .          .          PUNCT .   punct     8
    """
    found = stated(reading(table, [(10, 11, "PERSON")], title="Blue"))
    assert [text for text, _ in found] == [
        "Blue is a song.",
        "The production of Blue was handled by Ann.",
    ]
    assert ("topic", "Blue") in found[1][1]


def test_verbs_are_inflected_as_english_does() -> None:
    pairs = [
        ("stop", "stopping"), ("score", "scoring"), ("carry", "carrying"), ("play", "playing"),
        ("win", "winning"), ("die", "dying"), ("visit", "visiting"), ("admit", "admitting"),
    ]  # fmt: skip
    assert [past(*pair) for pair in pairs] == [
        "stopped", "scored", "carried", "played", "won", "died", "visited", "admitted",
    ]  # fmt: skip
    verbs = ("go", "carry", "play", "wish", "have", "be", "win", "pass")
    assert [third_person(verb) for verb in verbs] == [
        "goes", "carries", "plays", "wishes", "has", "is", "wins", "passes",
    ]  # fmt: skip
