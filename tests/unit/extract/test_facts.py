from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from graphmem.model.extraction import Extraction, FactDraft
from graphmem.model.knowledge import EntityType, FactKind, Modality, Polarity
from graphmem.model.time import Precision

Reading = Callable[..., Extraction]


def roles(fact: FactDraft) -> list[tuple[str, str]]:
    return [(member.role, member.name) for member in fact.members]


def only(extraction: Extraction) -> FactDraft:
    [fact] = extraction.facts
    return fact


ACTIVE = """
Ann      ann     PROPN NNP nsubj 1
founded  found   VERB  VBD ROOT  1
Acme     acme    PROPN NNP dobj  1
.        .       PUNCT .   punct 1
"""
PASSIVE = """
Acme     acme    PROPN NNP nsubjpass 2
was      be      AUX   VBD auxpass   2
founded  found   VERB  VBN ROOT      2
by       by      ADP   IN  agent     2
Ann      ann     PROPN NNP pobj      3
.        .       PUNCT .   punct     2
"""


def test_active_and_passive_state_the_same(reading: Reading) -> None:
    active = only(reading(ACTIVE, [(0, 1, "PERSON"), (2, 3, "ORG")]))
    passive = only(reading(PASSIVE, [(0, 1, "ORG"), (4, 5, "PERSON")]))
    assert active.predicate == passive.predicate == "found"
    assert roles(active) == roles(passive) == [("subject", "Ann"), ("object", "Acme")]
    assert (active.text, passive.text) == ("Ann founded Acme.", "Acme was founded by Ann.")


def test_offsets_are_characters_of_the_passage(reading: Reading) -> None:
    fact = only(reading(PASSIVE, [(0, 1, "ORG"), (4, 5, "PERSON")]))
    text = "Acme was founded by Ann."
    assert (fact.start, fact.end) == (0, len(text) - 1)
    assert [text[m.start : m.end] for m in fact.members] == ["Ann", "Acme"]


def test_a_time_bounds_the_fact(reading: Reading) -> None:
    table = """
    Ann    ann   PROPN NNP nsubj 1
    joined join  VERB  VBD ROOT  1
    Acme   acme  PROPN NNP dobj  1
    in     in    ADP   IN  prep  1
    May    may   PROPN NNP pobj  3
    2021   2021  NUM   CD  nummod 4
    .      .     PUNCT .   punct 1
    """
    fact = only(reading(table, [(0, 1, "PERSON"), (2, 3, "ORG"), (4, 6, "DATE")]))
    assert roles(fact) == [("subject", "Ann"), ("object", "Acme"), ("time", "May 2021")]
    assert fact.valid_from == datetime(2021, 5, 1, tzinfo=UTC)
    assert fact.valid_to == datetime(2021, 6, 1, tzinfo=UTC)
    assert fact.precision is Precision.MONTH
    assert fact.members[2].type is EntityType.DATE


def test_since_leaves_the_end_open(reading: Reading) -> None:
    table = """
    Ann    ann   PROPN NNP nsubj 1
    leads  lead  VERB  VBZ ROOT  1
    Acme   acme  PROPN NNP dobj  1
    since  since SCONJ IN  prep  1
    2019   2019  NUM   CD  pobj  3
    .      .     PUNCT .   punct 1
    """
    fact = only(reading(table, [(0, 1, "PERSON"), (2, 3, "ORG")]))
    assert (fact.valid_from, fact.valid_to) == (datetime(2019, 1, 1, tzinfo=UTC), None)


def test_a_relational_noun_becomes_the_predicate(reading: Reading) -> None:
    table = """
    Ann      ann      PROPN NNP nsubj 1
    was      be       AUX   VBD ROOT  1
    the      the      DET   DT  det   4
    first    first    ADJ   JJ  amod  4
    director director NOUN  NN  attr  1
    of       of       ADP   IN  prep  4
    Acme     acme     PROPN NNP pobj  5
    .        .        PUNCT .   punct 1
    """
    fact = only(reading(table, [(0, 1, "PERSON"), (6, 7, "ORG")]))
    assert fact.predicate == "be director of"
    assert roles(fact) == [
        ("subject", "Ann"),
        ("attribute", "first director"),
        ("of", "Acme"),
    ]
    assert fact.kind is FactKind.ATTRIBUTE
    assert fact.text == "Ann was the first director of Acme."


def test_conjoined_subjects_and_objects_are_split(reading: Reading) -> None:
    table = """
    Ann  ann  PROPN NNP nsubj 3
    and  and  CCONJ CC  cc    0
    Bob  bob  PROPN NNP conj  0
    like like VERB  VBP ROOT  3
    Oslo oslo PROPN NNP dobj  3
    and  and  CCONJ CC  cc    4
    Rome rome PROPN NNP conj  4
    .    .    PUNCT .   punct 3
    """
    facts = reading(table, [(0, 1, "PERSON"), (2, 3, "PERSON"), (4, 5, "GPE"), (6, 7, "GPE")]).facts
    assert [fact.text for fact in facts] == [
        "Ann likes Oslo.",
        "Ann likes Rome.",
        "Bob likes Oslo.",
        "Bob likes Rome.",
    ]


def test_conjoined_verbs_share_their_subject_and_object(reading: Reading) -> None:
    table = """
    Ann      ann    PROPN NNP nsubj 1
    wrote    write  VERB  VBD ROOT  1
    and      and    CCONJ CC  cc    1
    directed direct VERB  VBD conj  1
    the      the    DET   DT  det   5
    film     film   NOUN  NN  dobj  3
    .        .      PUNCT .   punct 1
    """
    facts = reading(table, [(0, 1, "PERSON")]).facts
    assert [(f.predicate, roles(f)) for f in facts] == [
        ("write", [("subject", "Ann"), ("object", "film")]),
        ("direct", [("subject", "Ann"), ("object", "film")]),
    ]


def test_negation_and_modal_verbs_are_kept(reading: Reading) -> None:
    table = """
    Ann   ann   PROPN NNP nsubj 3
    may   may   AUX   MD  aux   3
    not   not   PART  RB  neg   3
    join  join  VERB  VB  ROOT  3
    Acme  acme  PROPN NNP dobj  3
    .     .     PUNCT .   punct 3
    """
    fact = only(reading(table, [(0, 1, "PERSON"), (4, 5, "ORG")]))
    assert (fact.polarity, fact.modality) == (Polarity.NEGATIVE, Modality.POSSIBLE)
    assert fact.text == "Ann may not join Acme."


def test_what_is_wanted_is_intended_and_wanting_is_no_fact_of_its_own(reading: Reading) -> None:
    table = """
    Ann    ann   PROPN NNP nsubj 1
    wants  want  VERB  VBZ ROOT  1
    to     to    PART  TO  aux   3
    join   join  VERB  VB  xcomp 1
    Acme   acme  PROPN NNP dobj  3
    .      .     PUNCT .   punct 1
    """
    fact = only(reading(table, [(0, 1, "PERSON"), (4, 5, "ORG")]))
    assert (fact.predicate, fact.modality) == ("join", Modality.INTENDED)
    assert fact.text == "Ann wants to join Acme."


def test_reported_speech_is_attributed(reading: Reading) -> None:
    table = """
    Bob    bob   PROPN NNP nsubj 1
    said   say   VERB  VBD ROOT  1
    that   that  SCONJ IN  mark  4
    Ann    ann   PROPN NNP nsubj 4
    left   leave VERB  VBD ccomp 1
    Acme   acme  PROPN NNP dobj  4
    .      .     PUNCT .   punct 1
    """
    fact = only(reading(table, [(0, 1, "PERSON"), (3, 4, "PERSON"), (5, 6, "ORG")]))
    assert fact.attribution == "Bob"
    assert roles(fact) == [("subject", "Ann"), ("object", "Acme")]


def test_a_relative_clause_is_said_of_its_noun(reading: Reading) -> None:
    table = """
    Acme     acme   PROPN NNP nsubj 6
    ,        ,      PUNCT ,   punct 0
    which    which  PRON  WDT nsubj 3
    built    build  VERB  VBD relcl 0
    anvils   anvil  NOUN  NNS dobj  3
    ,        ,      PUNCT ,   punct 0
    moved    move   VERB  VBD ROOT  6
    to       to     ADP   IN  prep  6
    Oslo     oslo   PROPN NNP pobj  7
    .        .      PUNCT .   punct 6
    """
    facts = reading(table, [(0, 1, "ORG"), (8, 9, "GPE")]).facts
    assert [(f.predicate, roles(f)) for f in facts] == [
        ("build", [("subject", "Acme"), ("object", "anvils")]),
        ("move", [("subject", "Acme"), ("to", "Oslo")]),
    ]
    assert facts[0].text == "Acme built anvils."


def test_what_describes_a_predicate_noun_is_said_of_the_subject(reading: Reading) -> None:
    table = """
    Rain     rain   PROPN NNP nsubj 1
    is       be     AUX   VBZ ROOT  1
    a        a      DET   DT  det   3
    film     film   NOUN  NN  attr  1
    directed direct VERB  VBN acl   3
    by       by     ADP   IN  agent 4
    Ann      ann    PROPN NNP pobj  5
    .        .      PUNCT .   punct 1
    """
    facts = reading(table, [(6, 7, "PERSON")], title="Rain").facts
    assert [(f.predicate, roles(f)) for f in facts] == [
        ("be", [("subject", "Rain"), ("attribute", "film")]),
        ("direct", [("subject", "Ann"), ("object", "Rain")]),
    ]


def test_an_apposition_is_a_fact(reading: Reading) -> None:
    table = """
    Bob      bob      PROPN NNP nsubj 6
    ,        ,        PUNCT ,   punct 0
    director director NOUN  NN  appos 0
    of       of       ADP   IN  prep  2
    Acme     acme     PROPN NNP pobj  3
    ,        ,        PUNCT ,   punct 0
    met      meet     VERB  VBD ROOT  6
    Ann      ann      PROPN NNP dobj  6
    .        .        PUNCT .   punct 6
    """
    facts = reading(table, [(0, 1, "PERSON"), (4, 5, "ORG"), (7, 8, "PERSON")]).facts
    assert [(f.predicate, roles(f)) for f in facts] == [
        ("meet", [("subject", "Bob"), ("object", "Ann")]),
        ("be director of", [("subject", "Bob"), ("attribute", "director"), ("of", "Acme")]),
    ]


def test_a_possessor_is_a_member(reading: Reading) -> None:
    table = """
    Hugh    hugh  PROPN NNP nsubj 1
    married marry VERB  VBD ROOT  1
    Guy     guy   PROPN NNP poss  4
    's      's    PART  POS case  2
    widow   widow NOUN  NN  dobj  1
    .       .     PUNCT .   punct 1
    """
    fact = only(reading(table, [(0, 1, "PERSON"), (2, 3, "PERSON")]))
    assert roles(fact) == [("subject", "Hugh"), ("object", "Guy's widow"), ("of", "Guy")]


def test_a_role_is_the_preposition_or_the_place(reading: Reading) -> None:
    table = """
    Ann    ann   PROPN NNP nsubj 1
    works  work  VERB  VBZ ROOT  1
    for    for   ADP   IN  prep  1
    Acme   acme  PROPN NNP pobj  2
    in     in    ADP   IN  prep  1
    Oslo   oslo  PROPN NNP pobj  4
    .      .     PUNCT .   punct 1
    """
    fact = only(reading(table, [(0, 1, "PERSON"), (3, 4, "ORG"), (5, 6, "GPE")]))
    assert roles(fact) == [("subject", "Ann"), ("for", "Acme"), ("place", "Oslo")]


@pytest.mark.parametrize(
    ("aside", "expected"),
    [
        ("born 3 May 1920", [("be born", "3 May 1920")]),
        ("died 938", [("die", "938")]),
        ("d. 20 March 851", [("die", "20 March 851")]),
        ("1920 – 5 June 1990", [("be born", "1920"), ("die", "5 June 1990")]),
        ("chairman of the board", []),
    ],
)
def test_life_dates_in_parentheses_are_facts(
    reading: Reading, aside: str, expected: list[tuple[str, str]]
) -> None:
    inside = "".join(f"{word} {word} X FW dep 0\n" for word in aside.split())
    last = len(aside.split())
    table = f"""Ann ann PROPN NNP nsubj {last + 4}
Lee lee PROPN NNP flat 0
( ( PUNCT -LRB- punct 0
{inside}) ) PUNCT -RRB- punct 0
sang sing VERB VBD ROOT {last + 4}
. . PUNCT . punct {last + 4}
"""
    extraction = reading(table, [(0, 2, "PERSON")], title="Ann Lee")
    found = [
        (f.predicate, m.name)
        for f in extraction.facts
        for m in f.members
        if m.type is EntityType.DATE
    ]
    assert found == expected


def test_a_question_asks_what_may_be(reading: Reading) -> None:
    table = """
    Does  do   AUX   VBZ aux   2
    Ann   ann  PROPN NNP nsubj 2
    lead  lead VERB  VB  ROOT  2
    Acme  acme PROPN NNP dobj  2
    ?     ?    PUNCT .   punct 2
    """
    names = [(1, 2, "PERSON"), (3, 4, "ORG")]
    fact = only(reading(table, names, speaker="Bob"))
    assert fact.text == "Bob asks whether Ann leads Acme."
    assert fact.modality is Modality.POSSIBLE
    assert fact.confidence < 0.5
    assert reading(table, names).facts == ()


def test_a_fact_has_at_most_six_members_and_keeps_the_names(reading: Reading) -> None:
    extra = "".join(
        f"in in ADP IN prep 1\nthing{n} thing{n} NOUN NN pobj {3 + 2 * n}\n" for n in range(6)
    )
    table = f"""Ann ann PROPN NNP nsubj 1
met meet VERB VBD ROOT 1
Bob bob PROPN NNP dobj 1
{extra}in in ADP IN prep 1
Oslo oslo PROPN NNP pobj 15
. . PUNCT . punct 1
"""
    found = reading(table, [(0, 1, "PERSON"), (2, 3, "PERSON"), (16, 17, "GPE")])
    fact, *rest = found.facts
    assert len(fact.members) == 6
    names = {"Ann", "Bob", "Oslo"}
    assert names <= {member.name for member in fact.members}
    held = {member.name for fact in found.facts for member in fact.members}
    assert held == {*names, *(f"thing{n}" for n in range(6))}, "the rest is told beside it"
    assert all(3 <= len(fact.members) <= 6 for fact in rest)
