from __future__ import annotations

from collections.abc import Callable

import pytest

from graphmem.extract.names import NameSpan
from graphmem.extract.referents import Topic, referents, shown_title, topic_of
from graphmem.kernels.text import words
from graphmem.model.extraction import Extraction, PassageContext
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


def test_it_refers_to_nothing_where_a_clause_follows(reading: Reading) -> None:
    table = """
    Acme  acme  PROPN NNP nsubj 1
    grew  grow  VERB  VBD ROOT  1
    .     .     PUNCT .   punct 1

    It    it    PRON  PRP  nsubjpass 5
    is    be    AUX   VBZ  auxpass 5
    known know  VERB  VBN  ROOT  5
    that  that  SCONJ IN   mark  8
    Bob   bob   PROPN NNP  nsubj 8
    left  leave VERB  VBD  ccomp 5
    .     .     PUNCT .    punct 5
    """
    extraction = reading(table, [(0, 1, "ORG"), (7, 8, "PERSON")])
    assert extraction.references == ()


def test_it_refers_to_the_subject_where_a_mere_object_follows(reading: Reading) -> None:
    table = """
    Acme  acme  PROPN NNP nsubj 1
    grew  grow  VERB  VBD ROOT  1
    .     .     PUNCT .   punct 1

    It    it    PRON  PRP  nsubj 4
    makes make  VERB  VBZ  ROOT  4
    toys  toy   NOUN  NNS  dobj  4
    .     .     PUNCT .    punct 4
    """
    extraction = reading(table, [(0, 1, "ORG")])
    assert [r.name for r in extraction.references] == ["Acme"]


def test_an_object_is_not_the_subject_of_its_clause(reading: Reading) -> None:
    table = """
    Hugh met  PROPN NNP nsubj 1
    met  meet VERB  VBD ROOT  1
    Ivo  ivo  PROPN NNP dobj  1
    .    .    PUNCT .   punct 1

    Hugh hugh PROPN NNP nsubj 5
    paid pay  VERB  VBD ROOT  5
    him  he   PRON  PRP dobj  5
    .    .    PUNCT .   punct 5
    """
    extraction = reading(table, [(0, 1, "PERSON"), (2, 3, "PERSON"), (4, 5, "PERSON")])
    assert [r.name for r in extraction.references] == ["Ivo"]


def test_his_wife_beside_a_name_is_the_wife_of_that_one(reading: Reading) -> None:
    table = """
    Ann   ann   PROPN NNP nsubj 1
    was   be    AUX   VBD ROOT  1
    a     a     DET   DT  det   3
    child child NOUN  NN  attr  1
    of    of    ADP   IN  prep  3
    Hugh  hugh  PROPN NNP pobj  4
    and   and   CCONJ CC  cc    5
    his   his   PRON  PRP$ poss 8
    wife  wife  NOUN  NN  conj  5
    .     .     PUNCT .   punct 1
    """
    extraction = reading(table, [(0, 1, "PERSON"), (5, 6, "PERSON")])
    assert [r.name for r in extraction.references] == ["Hugh"]


def test_a_gender_is_kept_once_it_is_known(reading: Reading) -> None:
    table = """
    Queen queen PROPN NNP compound 1
    Ann   ann   PROPN NNP nsubj 2
    met   meet  VERB  VBD ROOT  2
    Hugh  hugh  PROPN NNP dobj  2
    .     .     PUNCT .   punct 2

    He    he    PRON  PRP nsubj 6
    left  leave VERB  VBD ROOT  6
    .     .     PUNCT .   punct 6
    """
    extraction = reading(table, [(0, 2, "PERSON"), (3, 4, "PERSON")])
    assert [r.name for r in extraction.references] == ["Hugh"]


def test_the_band_is_the_name_that_was_said_to_be_one(reading: Reading) -> None:
    table = """
    Acme  acme  PROPN NNP nsubj 1
    hired hire  VERB  VBD ROOT  1
    the   the   DET   DT  det   4
    band  band  NOUN  NN  compound 4
    Tern  tern  PROPN NNP dobj  1
    .     .     PUNCT .   punct 1

    The   the   DET   DT  det   7
    band  band  NOUN  NN  nsubj 8
    split split VERB  VBD ROOT  8
    .     .     PUNCT .   punct 8
    """
    extraction = reading(table, [(0, 1, "ORG"), (4, 5, "PERSON")])
    assert [r.name for r in extraction.references] == ["Tern"]


def test_they_are_all_that_were_named_together(reading: Reading) -> None:
    table = """
    Hugh  hugh  PROPN NNP nsubj 3
    and   and   CCONJ CC  cc    0
    Ann   ann   PROPN NNP conj  0
    wed   wed   VERB  VBD ROOT  3
    .     .     PUNCT .   punct 3

    They  they  PRON  PRP nsubj 6
    left  leave VERB  VBD ROOT  6
    .     .     PUNCT .   punct 6
    """
    extraction = reading(table, [(0, 1, "PERSON"), (2, 3, "PERSON")])
    assert [r.name for r in extraction.references] == ["Hugh", "Ann"]


def test_what_opens_a_document_under_its_title_is_what_it_is_about(reading: Reading) -> None:
    table = """
    The   the   DET   DT  det   1
    mass  mass  NOUN  NN  nsubjpass 3
    was   be    AUX   VBD auxpass 3
    held  hold  VERB  VBN ROOT  3
    .     .     PUNCT .   punct 3

    It    it    PRON  PRP nsubj 6
    drew  draw  VERB  VBD ROOT  6
    crowds crowd NOUN NNS dobj  6
    .     .     PUNCT .   punct 6
    """
    extraction = reading(table, title="First Mass in Manila")
    assert [r.name for r in extraction.references] == ["First Mass in Manila"] * 2


def test_an_acronym_may_take_more_than_initials() -> None:
    text = "The American Locomotive Company (ALCO) grew."
    names = names_of(
        text,
        ("American Locomotive Company", EntityType.ORGANISATION),
        ("ALCO", EntityType.OTHER),
    )
    assert [n.referent.name for n in referents(names, text, None)] == [
        "American Locomotive Company"
    ] * 2


def about(text: str, title: str, *names: tuple[str, EntityType]) -> tuple[Topic, list[str]]:
    """A document's topic, and what the names in its text refer to."""
    context = PassageContext(passage_id="pa_1", text=text, title=title)
    spans = names_of(text, *names)
    topic = topic_of(context, title, spans, words(text))
    assert topic is not None
    return topic, [n.referent.name for n in referents(spans, text, topic)]


PERSON, PLACE, ORG = EntityType.PERSON, EntityType.PLACE, EntityType.ORGANISATION


def test_a_name_inside_the_title_of_a_person_stands_for_the_person() -> None:
    text = "Ana Ruiz Vega is a judge. Ruiz won."
    assert about(text, "Ana Ruiz Vega", ("Ruiz", PERSON))[1] == ["Ana Ruiz Vega"]


def test_the_first_word_of_a_firm_stands_for_it_unless_it_is_one_of_many() -> None:
    text = "Ameris Bancorp is a company. Ameris grew."
    assert about(text, "Ameris Bancorp", ("Ameris", ORG))[1] == ["Ameris Bancorp"]
    text = "Bank Melli is a company. Bank grew."
    assert about(text, "Bank Melli", ("Bank", ORG))[1] == ["Bank"]


def test_the_place_in_a_title_is_itself_where_something_happens() -> None:
    text = "She was a duchess and died in Dillenburg."
    assert about(text, "Eva of Nassau Dillenburg", ("Dillenburg", PLACE))[1] == ["Dillenburg"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Goldy Notay is a film, television and stage actress. She won.", PERSON),
        ("Roots (which is French) is a comedy directed by Ann. It won.", EntityType.WORK),
        ("Balandra is a beach in Mexico. It is wide.", EntityType.OTHER),
    ],
)
def test_a_document_is_about_what_its_first_sentence_says(text: str, kind: EntityType) -> None:
    title = text.split(" ", maxsplit=1)[0]
    [topic, _] = about(text, title)
    assert topic.referent.type is kind


def test_the_pronoun_that_opens_a_sentence_is_of_the_topic() -> None:
    text = "Ann was born to Hugh and his wife. She ruled. Ann's son met his aunt and his wife."
    assert about(text, "Ann", ("Ann", PERSON))[0].gender == "f"
