"""Facts beyond one clause: shared and left-out arguments, asides, the page's topic, wording."""

from __future__ import annotations

import pytest

from graphmem.model.extraction import Extraction, FactDraft
from graphmem.model.knowledge import EntityType, Polarity

from .conftest import Reading


def texts(extraction: Extraction) -> list[str]:
    return [fact.text for fact in extraction.facts]


def members(fact: FactDraft) -> list[str]:
    return [member.name for member in fact.members]


FILM = """
Rain     rain   PROPN NNP nsubj 1
is       be     AUX   VBZ ROOT  1
a        a      DET   DT  det   3
film     film   NOUN  NN  attr  1
directed direct VERB  VBN acl   3
by       by     ADP   IN  agent 4
Ann      ann    PROPN NNP pobj  5
and      and    CCONJ CC  cc    4
starring star   VERB  VBG conj  4
Bob      bob    PROPN NNP dobj  8
,        ,      PUNCT ,   punct 9
Eve      eve    PROPN NNP appos 9
and      and    CCONJ CC  cc    11
Kim      kim    PROPN NNP conj  11
.        .      PUNCT .   punct 1
"""


def test_participles_tell_of_the_subject_each_name_in_a_fact_of_its_own(reading: Reading) -> None:
    people = [(n, n + 1, "PERSON") for n in (6, 9, 11, 13)]
    found = reading(FILM, people, title="Rain")
    assert texts(found) == [
        "Rain is a film.",
        "Rain is a film directed by Ann.",
        "Rain is a film starring Bob.",
        "Rain is a film starring Eve.",
        "Rain is a film starring Kim.",
    ]
    assert [fact.predicate for fact in found.facts[:3]] == ["be", "direct", "star"]


def test_a_noun_keeps_its_place_when_a_relative_clause_follows(reading: Reading) -> None:
    table = """
    Ann   ann   PROPN NNP nsubj 1
    met   meet  VERB  VBD ROOT  1
    a     a     DET   DT  det   3
    smith smith NOUN  NN  dobj  1
    who   who   PRON  WP  nsubj 5
    sang  sing  VERB  VBD relcl 3
    """
    assert texts(reading(table, [(0, 1, "PERSON")])) == ["Ann met a smith."]


def test_what_does_not_name_the_topic_is_told_of_it(reading: Reading) -> None:
    table = """
    The    the    DET   DT  det   1
    editor editor NOUN  NN  nsubj 2
    is     be     AUX   VBZ ROOT  2
    Ann    ann    PROPN NNP attr  2
    """
    [fact] = reading(table, [(3, 4, "PERSON")], title="Journal of Rain").facts
    assert fact.text == "Regarding Journal of Rain, the editor is Ann."
    frame = fact.members[-1]
    assert (frame.role, frame.name, frame.start) == ("topic", "Journal of Rain", None)


def test_what_names_the_topic_needs_no_frame(reading: Reading) -> None:
    table = """
    The     the     DET   DT  det   2
    Ald     ald     PROPN NNP compound 2
    River   river   PROPN NNP nsubj 3
    crosses cross   VERB  VBZ ROOT  3
    Kent    kent    PROPN NNP dobj  3
    """
    found = reading(table, [(1, 3, "LOC"), (4, 5, "GPE")], title="Ald River")
    assert texts(found) == ["The Ald River crosses Kent."]


def test_a_subject_that_is_left_out_is_the_topic(reading: Reading) -> None:
    table = """
    Founded found VERB VBN ROOT 0
    in      in    ADP  IN  prep 0
    1873    1873  NUM  CD  pobj 1
    .       .     PUNCT . punct 0
    """
    [fact] = reading(table, title="Ald Observatory").facts
    assert fact.text == "Ald Observatory was founded in 1873."
    assert members(fact) == ["Ald Observatory", "1873"]
    assert fact.members[0].start is None


@pytest.mark.parametrize(
    ("aside", "expected"),
    [
        ("vocals , guitar", ["vocals", "guitar"]),
        ("such as Oslo", ["Oslo"]),
        ("now Dora Fox", ["Dora Fox"]),
        ("1999", ["1999"]),
    ],
)
def test_an_aside_is_said_of_the_phrase_before(
    reading: Reading, aside: str, expected: list[str]
) -> None:
    inside = "".join(f"{word} {word} X FW dep 0\n" for word in aside.split())
    last = len(aside.split())
    table = f"""Ann ann PROPN NNP nsubj {last + 4}
Lee lee PROPN NNP flat 0
( ( PUNCT -LRB- punct 0
{inside}) ) PUNCT -RRB- punct 0
sang sing VERB VBD ROOT {last + 4}
"""
    found = reading(table, [(0, 2, "PERSON")])
    [fact] = [fact for fact in found.facts if fact.predicate == "be"]
    assert members(fact) == ["Ann Lee", *expected]
    assert fact.text.startswith("Ann Lee: ")


def test_a_measure_in_another_unit_is_no_fact(reading: Reading) -> None:
    table = """
    Ann   ann   PROPN NNP nsubj  1
    ran   run   VERB  VBD ROOT   1
    5     5     NUM   CD  nummod 3
    miles mile  NOUN  NNS dobj   1
    (     (     PUNCT -LRB- punct 3
    8     8     NUM   CD  nummod 6
    km    km    NOUN  NN  dep    3
    )     )     PUNCT -RRB- punct 3
    """
    assert texts(reading(table, [(0, 1, "PERSON")])) == ["Ann ran 5 miles."]


PLACES = """
{subject} {subject} PROPN NNP nsubj 1
{verb} {verb} VERB VBZ ROOT 1
Acton acton PROPN NNP dobj 1
, , PUNCT , punct 2
Kent kent PROPN NNP {relation} 2
{end}
. . PUNCT . punct 1
"""


def test_places_after_commas_hold_the_first_and_a_list_does_not(reading: Reading) -> None:
    chain = PLACES.format(subject="Ann", verb="left", relation="appos", end="")
    # The blank line that an empty end leaves would end a sentence.
    chain = "\n".join(line for line in chain.splitlines() if line.strip())
    entities = [(0, 1, "PERSON"), (2, 3, "GPE"), (4, 5, "GPE")]
    assert "Acton is located in Kent." in texts(reading(chain, entities))
    end = "and and CCONJ CC cc 4\nUlster ulster PROPN NNP conj 4"
    listed = PLACES.format(subject="Ann", verb="left", relation="conj", end=end).strip()
    found = texts(reading(listed, [*entities, (6, 7, "GPE")]))
    assert found == ["Ann left Acton.", "Ann left Kent.", "Ann left Ulster."]


def test_a_thing_in_a_place_is_located_there_and_a_person_is_not(reading: Reading) -> None:
    table = """
    {name} {name} PROPN NNP nsubj 1
    is     be     AUX   VBZ ROOT  1
    a      a      DET   DT  det   3
    {noun} {noun} NOUN  NN  attr  1
    in     in     ADP   IN  prep  3
    Kent   kent   PROPN NNP pobj  4
    """
    town = reading(table.format(name="Acton", noun="town"), [(0, 1, "GPE"), (5, 6, "GPE")])
    poet = reading(table.format(name="Ann", noun="poet"), [(0, 1, "PERSON"), (5, 6, "GPE")])
    assert texts(town) == ["Acton is a town located in Kent."]
    assert texts(poet) == ["Ann is a poet in Kent."]


def test_who_says_so_stands_in_the_sentence(reading: Reading) -> None:
    table = """
    Bob  bob   PROPN NNP nsubj 1
    said say   VERB  VBD ROOT  1
    that that  SCONJ IN  mark  4
    Ann  ann   PROPN NNP nsubj 4
    left leave VERB  VBD ccomp 1
    Acme acme  PROPN NNP dobj  4
    """
    entities = [(0, 1, "PERSON"), (3, 4, "PERSON"), (5, 6, "ORG")]
    [fact] = reading(table, entities).facts
    assert (fact.text, fact.attribution) == ("Bob said that Ann left Acme.", "Bob")


def test_to_fail_to_do_is_not_to_do(reading: Reading) -> None:
    table = """
    Ann    ann   PROPN NNP nsubj 1
    failed fail  VERB  VBD ROOT  1
    to     to    PART  TO  aux   3
    join   join  VERB  VB  xcomp 1
    Acme   acme  PROPN NNP dobj  3
    """
    [fact] = reading(table, [(0, 1, "PERSON"), (4, 5, "ORG")]).facts
    assert fact.text == "Ann failed to join Acme."
    assert fact.polarity is Polarity.NEGATIVE


def test_more_names_than_a_fact_holds_become_facts_with_the_same_core(reading: Reading) -> None:
    count = 8
    names = "".join(
        f"near near ADP IN prep 1\nTown{n} town{n} PROPN NNP pobj {3 + 2 * n}\n"
        for n in range(count)
    )
    table = (
        f"Ann ann PROPN NNP nsubj 1\nmet meet VERB VBD ROOT 1\nBob bob PROPN NNP dobj 1\n{names}"
    )
    places = [(4 + 2 * n, 5 + 2 * n, "GPE") for n in range(count)]
    found = reading(table, [(0, 1, "PERSON"), (2, 3, "PERSON"), *places]).facts
    assert len(found) == 2
    assert all(members(fact)[:2] == ["Ann", "Bob"] and len(fact.members) == 6 for fact in found)
    named = {m.name for fact in found for m in fact.members if m.type is EntityType.PLACE}
    assert named == {f"Town{n}" for n in range(count)}


def test_another_name_of_the_topic_is_a_member(reading: Reading) -> None:
    table = """
    Ann   ann   PROPN NNP compound  1
    Lee   lee   PROPN NNP nsubjpass 3
    is    be    AUX   VBZ auxpass   3
    known know  VERB  VBN ROOT      3
    as    as    ADP   IN  prep      3
    Dolly dolly PROPN NNP pobj      4
    """
    [fact] = reading(table, [(0, 2, "PERSON"), (5, 6, "PERSON")], title="Ann Lee").facts
    assert members(fact) == ["Ann Lee", "Dolly"]


def test_every_offset_is_where_its_member_stands(reading: Reading) -> None:
    people = [(n, n + 1, "PERSON") for n in (6, 9, 11, 13)]
    found = reading(FILM, people)
    written = "Rain is a film directed by Ann and starring Bob, Eve and Kim."
    for fact in found.facts:
        for member in fact.members:
            assert member.start is not None
            assert written[member.start : member.end] == member.text
            assert fact.start <= member.start < (member.end or 0) <= fact.end


def test_items_of_a_list_are_said_of_the_topic(reading: Reading) -> None:
    table = """
    Oslo   oslo   PROPN NNP ROOT 0
    ,      ,      PUNCT ,   punct 0
    Bergen bergen PROPN NNP conj 0
    ,      ,      PUNCT ,   punct 2
    1923   1923   NUM   CD  conj 2
    """
    found = reading(table, [(0, 1, "GPE"), (2, 3, "ORG")], title="Fjord Games")
    [fact] = found.facts
    assert fact.text == "Listed under Fjord Games: Oslo, Bergen, 1923."
    assert members(fact) == ["Oslo", "Bergen", "1923", "Fjord Games"]
    assert reading(table, [(0, 1, "GPE"), (2, 3, "ORG")]).facts == ()


def test_what_describes_an_object_says_whose_object_it_is(reading: Reading) -> None:
    table = """
    Ann     ann    PROPN NNP nsubj 1
    won     win    VERB  VBD ROOT  1
    a       a      DET   DT  det   3
    prize   prize  NOUN  NN  dobj  1
    given   give   VERB  VBN acl   3
    by      by     ADP   IN  agent 4
    Bob     bob    PROPN NNP pobj  5
    """
    found = reading(table, [(0, 1, "PERSON"), (6, 7, "PERSON")]).facts
    assert [fact.text for fact in found] == [
        "Ann won a prize.",
        "A prize that Ann won was given by Bob.",
    ]
    assert members(found[1]) == ["Bob", "prize", "Ann"]


def test_what_comes_first_is_said_of_all_that_follows(reading: Reading) -> None:
    table = """
    In     in     ADP   IN  prep  3
    1817   1817   NUM   CD  pobj  0
    Ann    ann    PROPN NNP nsubj 3
    joined join   VERB  VBD ROOT  3
    Acme   acme   PROPN NNP dobj  3
    and    and    CCONJ CC  cc    3
    left   leave  VERB  VBD conj  3
    Bob    bob    PROPN NNP dobj  6
    """
    entities = [(2, 3, "PERSON"), (4, 5, "ORG"), (7, 8, "PERSON")]
    assert texts(reading(table, entities)) == ["Ann joined Acme in 1817.", "Ann left Bob in 1817."]
