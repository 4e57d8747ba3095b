from __future__ import annotations

from collections.abc import Callable

import pytest

from graphmem.model.extraction import Extraction
from graphmem.model.knowledge import Sense

Reading = Callable[..., Extraction]

SUBORDINATE = """
Ann   ann   PROPN NNP nsubj 1
left  leave VERB  VBD ROOT  1
Acme  acme  PROPN NNP dobj  1
{mark}  {mark}   SCONJ IN  mark  5
Bob   bob   PROPN NNP nsubj 5
sold  sell  VERB  VBD advcl 1
it    it    PRON  PRP dobj  5
.     .     PUNCT .   punct 1
"""
NAMES = [(0, 1, "PERSON"), (2, 3, "ORG"), (4, 5, "PERSON")]


@pytest.mark.parametrize(
    ("mark", "sense", "source", "target"),
    [
        ("because", Sense.CAUSE, "sell", "leave"),
        ("since", Sense.CAUSE, "sell", "leave"),
        ("if", Sense.CONDITION, "sell", "leave"),
        ("although", Sense.CONTRAST, "leave", "sell"),
        ("after", Sense.PRECEDES, "sell", "leave"),
        ("before", Sense.PRECEDES, "leave", "sell"),
    ],
)
def test_a_subordinate_clause_is_linked_as_its_marker_says(
    reading: Reading, mark: str, sense: Sense, source: str, target: str
) -> None:
    extraction = reading(SUBORDINATE.format(mark=mark), NAMES)
    [link] = extraction.links
    facts = extraction.facts
    assert link.sense is sense
    assert (facts[link.source].predicate, facts[link.target].predicate) == (source, target)
    assert link.connective == mark
    assert link.start == len("Ann left Acme ")
    assert link.end == len(f"Ann left Acme {mark}")


@pytest.mark.parametrize(
    ("opening", "sense", "source"),
    [
        ("However", Sense.CONTRAST, 0),
        ("Therefore", Sense.CAUSE, 0),
        ("As a result", Sense.CAUSE, 0),
        ("For example", Sense.ELABORATION, 1),
        ("Then", Sense.PRECEDES, 0),
        ("Also", Sense.CONJUNCTION, 0),
    ],
)
def test_a_sentence_is_linked_to_the_one_before_by_its_opening(
    reading: Reading, opening: str, sense: Sense, source: int
) -> None:
    words = opening.split()
    verb = 4 + len(words) + 1
    connective = "".join(f"{word} {word} ADV RB advmod {verb}\n" for word in words)
    table = f"""Ann ann PROPN NNP nsubj 1
left leave VERB VBD ROOT 1
Acme acme PROPN NNP dobj 1
. . PUNCT . punct 1

{connective}Bob bob PROPN NNP nsubj {verb}
sold sell VERB VBD ROOT {verb}
Acme acme PROPN NNP dobj {verb}
. . PUNCT . punct {verb}
"""
    bob = 4 + len(words)
    extraction = reading(
        table,
        [(0, 1, "PERSON"), (2, 3, "ORG"), (bob, bob + 1, "PERSON"), (bob + 2, bob + 3, "ORG")],
    )
    [link] = extraction.links
    assert (link.sense, link.source, link.target) == (sense, source, 1 - source)
    assert link.connective == opening.lower()


def test_an_infinitive_of_purpose_is_the_purpose(reading: Reading) -> None:
    table = """
    Ann   ann  PROPN NNP nsubj 1
    sold  sell VERB  VBD ROOT  1
    Acme  acme PROPN NNP dobj  1
    to    to   PART  TO  aux   4
    buy   buy  VERB  VB  advcl 1
    Bolt  bolt PROPN NNP dobj  4
    .     .    PUNCT .   punct 1
    """
    extraction = reading(table, [(0, 1, "PERSON"), (2, 3, "ORG"), (5, 6, "ORG")])
    [link] = extraction.links
    assert link.sense is Sense.PURPOSE
    assert extraction.facts[link.source].predicate == "buy"
    assert extraction.facts[link.target].predicate == "sell"


@pytest.mark.parametrize(
    ("word", "sense"),
    [("and", Sense.CONJUNCTION), ("but", Sense.CONTRAST), ("so", Sense.CAUSE)],
)
def test_conjoined_clauses_are_linked_in_the_order_of_the_text(
    reading: Reading, word: str, sense: Sense
) -> None:
    table = f"""Ann ann PROPN NNP nsubj 1
left leave VERB VBD ROOT 1
Acme acme PROPN NNP dobj 1
{word} {word} CCONJ CC cc 1
Bob bob PROPN NNP nsubj 5
sold sell VERB VBD conj 1
Bolt bolt PROPN NNP dobj 5
. . PUNCT . punct 1
"""
    extraction = reading(table, [*NAMES, (6, 7, "ORG")])
    [link] = extraction.links
    assert (link.sense, link.source, link.target) == (sense, 0, 1)


def test_since_with_a_perfect_tense_tells_a_time(reading: Reading) -> None:
    table = """
    Ann   ann   PROPN NNP nsubj 2
    has   have  AUX   VBZ aux   2
    led   lead  VERB  VBN ROOT  2
    Acme  acme  PROPN NNP dobj  2
    since since SCONJ IN  mark  6
    Bob   bob   PROPN NNP nsubj 6
    left  leave VERB  VBD advcl 2
    Bolt  bolt  PROPN NNP dobj  6
    .     .     PUNCT .   punct 2
    """
    extraction = reading(table, [(0, 1, "PERSON"), (3, 4, "ORG"), (5, 6, "PERSON"), (7, 8, "ORG")])
    [link] = extraction.links
    assert (link.sense, extraction.facts[link.source].predicate) == (Sense.PRECEDES, "leave")


def senses(extraction: Extraction) -> list[tuple[Sense, str, str, str]]:
    facts = extraction.facts
    return [
        (link.sense, link.connective, facts[link.source].predicate, facts[link.target].predicate)
        for link in extraction.links
    ]


def test_even_though_is_one_connective(reading: Reading) -> None:
    table = """
    Ann    ann   PROPN NNP nsubj 1
    left   leave VERB  VBD ROOT  1
    Acme   acme  PROPN NNP dobj  1
    even   even  ADV   RB  advmod 6
    though though SCONJ IN mark  6
    Bob    bob   PROPN NNP nsubj 6
    sold   sell  VERB  VBD advcl 1
    Bolt   bolt  PROPN NNP dobj  6
    .      .     PUNCT .   punct 1
    """
    names = [(0, 1, "PERSON"), (2, 3, "ORG"), (5, 6, "PERSON"), (7, 8, "ORG")]
    assert senses(reading(table, names)) == [(Sense.CONTRAST, "even though", "leave", "sell")]


def test_a_clause_that_the_parse_does_not_attach_is_linked_to_the_nearest(reading: Reading) -> None:
    table = """
    Although although SCONJ IN mark 2
    Bob    bob   PROPN NNP nsubj 2
    sold   sell  VERB  VBD ROOT  2
    Bolt   bolt  PROPN NNP dobj  2
    ,      ,     PUNCT ,   punct 2
    Ann    ann   PROPN NNP nsubj 6
    left   leave VERB  VBD ccomp 2
    Acme   acme  PROPN NNP dobj  6
    .      .     PUNCT .   punct 2
    """
    names = [(1, 2, "PERSON"), (3, 4, "ORG"), (5, 6, "PERSON"), (7, 8, "ORG")]
    extraction = reading(table, names, title="Zed")
    assert [link[:2] for link in senses(extraction)] == [(Sense.CONTRAST, "although")]


def test_whether_something_is_so_is_no_condition(reading: Reading) -> None:
    table = """
    Ann    ann   PROPN NNP nsubj 1
    asked  ask   VERB  VBD ROOT  1
    Eve    eve   PROPN NNP dobj  1
    if     if    SCONJ IN  mark  5
    Bob    bob   PROPN NNP nsubj 5
    sold   sell  VERB  VBD ccomp 1
    Bolt   bolt  PROPN NNP dobj  5
    .      .     PUNCT .   punct 1
    """
    names = [(0, 1, "PERSON"), (2, 3, "PERSON"), (4, 5, "PERSON"), (6, 7, "ORG")]
    assert reading(table, names).links == ()


WHILE = """
Ann    ann   PROPN NNP nsubj 1
{main}  {lemma} VERB VBD ROOT 1
Acme   acme  PROPN NNP dobj  1
{comma}
while  while SCONJ IN  mark  {verb}
Bob    bob   PROPN NNP nsubj {verb}
{own}
Bolt   bolt  PROPN NNP dobj  {verb}
.      .     PUNCT .   punct 1
"""


@pytest.mark.parametrize(
    ("comma", "own", "verb", "sense"),
    [
        (", , PUNCT , punct 1", "likes like VERB VBZ advcl 1", 6, Sense.CONTRAST),
        ("", "built build VERB VBD advcl 1", 5, Sense.SYNCHRONOUS),
    ],
)
def test_while_sets_against_or_tells_a_time(
    reading: Reading, comma: str, own: str, verb: int, sense: Sense
) -> None:
    table = WHILE.format(main="left", lemma="leave", comma=comma, own=own, verb=verb)
    table = "\n".join(line for line in table.splitlines() if line.strip())
    names = [
        (0, 1, "PERSON"),
        (2, 3, "ORG"),
        (verb - 1, verb, "PERSON"),
        (verb + 1, verb + 2, "ORG"),
    ]
    extraction = reading(table, names, title="Zed")
    assert [link[0] for link in senses(extraction)] == [sense]


ALSO = """
Ann    ann   PROPN NNP nsubj 1
sold   sell  VERB  VBD ROOT  1
Acme   acme  PROPN NNP dobj  1
.      .     PUNCT .   punct 1

Ann    ann   PROPN NNP nsubj 6
{word} {word} ADV  RB  advmod 6
bought buy   VERB  VBD ROOT  6
Bolt   bolt  PROPN NNP dobj  6
.      .     PUNCT .   punct 6
"""


@pytest.mark.parametrize(
    ("word", "sense"),
    [
        ("also", Sense.CONJUNCTION),
        ("later", Sense.PRECEDES),
        ("nevertheless", Sense.CONTRAST),
        ("therefore", Sense.CAUSE),
    ],
)
def test_an_adverb_inside_a_sentence_links_it_to_the_one_before(
    reading: Reading, word: str, sense: Sense
) -> None:
    names = [(0, 1, "PERSON"), (2, 3, "ORG"), (4, 5, "PERSON"), (7, 8, "ORG")]
    assert senses(reading(ALSO.format(word=word), names)) == [(sense, word, "sell", "buy")]


def test_dates_say_what_came_first_where_no_connective_does(reading: Reading) -> None:
    table = """
    Ann    ann   PROPN NNP nsubj 1
    sold   sell  VERB  VBD ROOT  1
    Acme   acme  PROPN NNP dobj  1
    in     in    ADP   IN  prep  1
    1999   1999  NUM   CD  pobj  3
    .      .     PUNCT .   punct 1

    Ann    ann   PROPN NNP nsubj 7
    bought buy   VERB  VBD ROOT  7
    Bolt   bolt  PROPN NNP dobj  7
    in     in    ADP   IN  prep  7
    {year} {year} NUM  CD  pobj  9
    .      .     PUNCT .   punct 7
    """
    names = [(0, 1, "PERSON"), (2, 3, "ORG"), (6, 7, "PERSON"), (8, 9, "ORG")]
    found = senses(reading(table.format(year=2004), names))
    assert found == [(Sense.PRECEDES, "", "sell", "buy")]
    assert reading(table.format(year=1999), names).links == ()
    assert reading(table.format(year=1990), names).links == ()


def test_so_with_can_is_a_purpose(reading: Reading) -> None:
    table = """
    Ann    ann   PROPN NNP nsubj 1
    sold   sell  VERB  VBD ROOT  1
    Acme   acme  PROPN NNP dobj  1
    so     so    SCONJ IN  mark  6
    Bob    bob   PROPN NNP nsubj 6
    could  could AUX   MD  aux   6
    buy    buy   VERB  VB  advcl 1
    Bolt   bolt  PROPN NNP dobj  6
    .      .     PUNCT .   punct 1
    """
    names = [(0, 1, "PERSON"), (2, 3, "ORG"), (4, 5, "PERSON"), (7, 8, "ORG")]
    assert senses(reading(table, names)) == [(Sense.PURPOSE, "so", "buy", "sell")]


def test_an_infinitive_in_order_keeps_the_words(reading: Reading) -> None:
    table = """
    Ann    ann   PROPN NNP nsubj 1
    sold   sell  VERB  VBD ROOT  1
    Acme   acme  PROPN NNP dobj  1
    in     in    ADP   IN  prep  1
    order  order NOUN  NN  pobj  3
    to     to    PART  TO  aux   6
    buy    buy   VERB  VB  acl   4
    Bolt   bolt  PROPN NNP dobj  6
    .      .     PUNCT .   punct 1
    """
    names = [(0, 1, "PERSON"), (2, 3, "ORG"), (7, 8, "ORG")]
    [link] = senses(reading(table, names))
    assert link[:2] == (Sense.PURPOSE, "in order to")
