from __future__ import annotations

from collections.abc import Callable

import pytest

from graphmem.extract.names import NameSpan
from graphmem.extract.referents import referents, shown_title
from graphmem.model.extraction import Extraction
from graphmem.model.knowledge import EntityType

Reading = Callable[..., Extraction]


def subjects(extraction: Extraction) -> list[str]:
    return [f.members[0].name for f in extraction.facts]


IS_A = """
{name}  {name} PROPN NNP nsubj 1
is      be     AUX   VBZ ROOT  1
a       a      DET   DT  det   3
{noun}  {noun} NOUN  NN  attr  1
.       .      PUNCT .   punct 1

{what}
"""
SHE = """
She     she    PRON  PRP nsubj 6
founded found  VERB  VBD ROOT  6
Acme    acme   PROPN NNP dobj  6
.       .      PUNCT .   punct 6
"""
THE_FILM = """
The     the    DET   DT  det   6
film    film   NOUN  NN  nsubj 7
won     win    VERB  VBD ROOT  7
prizes  prize  NOUN  NNS dobj  7
.       .      PUNCT .   punct 7
"""
IT = """
It      it     PRON  PRP nsubj 6
won     win    VERB  VBD ROOT  6
prizes  prize  NOUN  NNS dobj  6
.       .      PUNCT .   punct 6
"""


def test_she_is_the_person_that_the_document_is_about(reading: Reading) -> None:
    table = IS_A.format(name="Ann", noun="nurse", what=SHE)
    extraction = reading(table, [(0, 1, "PERSON"), (7, 8, "ORG")], title="Ann (nurse)")
    assert subjects(extraction) == ["Ann (nurse)", "Ann (nurse)"]
    assert extraction.facts[1].text == "Ann founded Acme."


@pytest.mark.parametrize("what", [THE_FILM, IT])
def test_the_film_and_it_are_the_film_that_the_document_is_about(
    reading: Reading, what: str
) -> None:
    extraction = reading(IS_A.format(name="Rain", noun="film", what=what), title="Rain")
    assert subjects(extraction) == ["Rain", "Rain"]


def test_the_film_is_not_a_document_that_is_about_a_person(reading: Reading) -> None:
    extraction = reading(IS_A.format(name="Ann", noun="nurse", what=THE_FILM), title="Ann")
    assert subjects(extraction) == ["Ann", "film"]


def test_a_pronoun_that_refers_to_nothing_makes_no_member(reading: Reading) -> None:
    table = SHE.replace("6", "1")
    assert reading(table, [(2, 3, "ORG")]).facts == ()


def test_a_possessive_goes_to_the_subject_of_its_clause(reading: Reading) -> None:
    table = """
    Hugh    hugh    PROPN NNP nsubj 1
    met     meet    VERB  VBD ROOT  1
    his     his     PRON  PRP$ poss 3
    brother brother NOUN  NN  dobj  1
    .       .       PUNCT .   punct 1
    """
    [fact] = reading(table, [(0, 1, "PERSON")]).facts
    assert fact.text == "Hugh met Hugh's brother."
    assert [(m.role, m.name) for m in fact.members] == [
        ("subject", "Hugh"),
        ("object", "Hugh's brother"),
    ]


def test_in_a_chat_i_is_the_speaker_and_you_the_addressee(reading: Reading) -> None:
    table = """
    I    i    PRON  PRP nsubj 1
    love love VERB  VBP ROOT  1
    your your PRON  PRP$ poss 3
    dog  dog  NOUN  NN  dobj  1
    .    .    PUNCT .   punct 1
    """
    [fact] = reading(table, speaker="Ann", addressee="Bob").facts
    assert fact.text == "Ann loves Bob's dog."
    assert [(m.name, m.type) for m in fact.members] == [
        ("Ann", EntityType.PERSON),
        ("Bob's dog", EntityType.CONCEPT),
        ("Bob", EntityType.PERSON),
    ]


def test_in_a_chat_she_is_neither_of_the_two(reading: Reading) -> None:
    table = """
    She  she  PRON  PRP nsubj 1
    left leave VERB VBD ROOT  1
    Acme acme PROPN NNP dobj  1
    .    .    PUNCT .   punct 1
    """
    assert reading(table, [(2, 3, "ORG")], speaker="Ann", addressee="Eve").facts == ()


def names_of(text: str, *names: tuple[str, EntityType]) -> list[NameSpan]:
    found, position = [], 0
    for name, kind in names:
        start = text.index(name, position)
        position = start + len(name)
        found.append(NameSpan(start, position, kind))
    return found


def test_a_last_name_stands_for_the_full_name_before_it() -> None:
    text = "Jan Philip Solovej wrote it. Solovej won."
    names = names_of(text, ("Jan Philip Solovej", EntityType.PERSON), ("Solovej", EntityType.OTHER))
    assert [n.referent.name for n in referents(names, text, None)] == ["Jan Philip Solovej"] * 2


def test_a_last_name_of_two_persons_stands_for_neither() -> None:
    text = "Ann Lee met Bob Lee. Lee won."
    names = names_of(
        text,
        ("Ann Lee", EntityType.PERSON),
        ("Bob Lee", EntityType.PERSON),
        ("Lee", EntityType.PERSON),
    )
    assert referents(names, text, None)[-1].referent.name == "Lee"


def test_an_acronym_stands_for_the_name_that_introduces_it() -> None:
    text = "The Recording Industry Association (RIA) met. RIA won."
    names = names_of(
        text,
        ("Recording Industry Association", EntityType.ORGANISATION),
        ("RIA", EntityType.OTHER),
        ("RIA", EntityType.OTHER),
    )
    meant = {n.referent.name for n in referents(names, text, None)}
    assert meant == {"Recording Industry Association"}


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Rain (film)", "Rain"),
        ("Lambert, Margrave of Tuscany", "Lambert"),
        ("(Untitled)", "(Untitled)"),
    ],
)
def test_a_title_is_shown_as_it_reads_in_a_sentence(title: str, shown: str) -> None:
    assert shown_title(title) == shown
