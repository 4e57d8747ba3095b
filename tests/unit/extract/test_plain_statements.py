"""What is told reads as a statement of its own, of real turns and of encyclopedia sentences."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from graphmem.adapters.extractors.spacy import SpacyExtractor
from graphmem.model.extraction import FactDraft, PassageContext
from graphmem.model.knowledge import Modality
from graphmem.model.source import EpisodeKind


@pytest.fixture(scope="module")
def extractor() -> Iterator[SpacyExtractor]:
    made = SpacyExtractor()
    yield made
    made.close()


def said(extractor: SpacyExtractor, text: str) -> tuple[FactDraft, ...]:
    """What a turn of Tim's to John states."""
    context = PassageContext(
        passage_id="p", text=text, kind=EpisodeKind.CHAT, speaker="Tim", addressee="John"
    )
    return extractor.extract([context])[0].facts


def written(extractor: SpacyExtractor, title: str, text: str) -> list[str]:
    """The statements of a document."""
    context = PassageContext(passage_id="p", text=text, title=title)
    return [fact.text for fact in extractor.extract([context])[0].facts]


@pytest.mark.parametrize(
    ("question", "told"),
    [
        (
            "What challenges have you encountered during your pre-season training?",
            "Tim asks what challenges John has encountered during John's pre-season training.",
        ),
        ("Looks great! Where did you go camping?", "Tim asks where John went camping."),
        ("Do you still live in Oslo?", "Tim asks whether John still lives in Oslo."),
    ],
)
def test_a_question_states_only_that_it_is_asked(
    extractor: SpacyExtractor, question: str, told: str
) -> None:
    facts = said(extractor, question)
    assert [fact.text for fact in facts] == [told]
    assert {fact.modality for fact in facts} == {Modality.POSSIBLE}


def test_what_a_question_takes_for_granted_is_not_told(extractor: SpacyExtractor) -> None:
    assert said(extractor, "What's been up since we last talked?") == ()


def test_what_is_said_before_a_question_is_stated(extractor: SpacyExtractor) -> None:
    [fact] = said(extractor, "I moved to Oslo, did you know that?")
    assert (fact.text, fact.modality) == ("Tim moved to Oslo.", Modality.ACTUAL)


def test_a_statement_that_asks_for_assent_is_stated(extractor: SpacyExtractor) -> None:
    text = "I just finished the last book of the series, right?"
    [fact] = said(extractor, text)
    assert fact.text == "Tim just finished the last book of the series."
    assert fact.modality is Modality.ACTUAL


def test_a_document_asks_nothing_of_anybody(extractor: SpacyExtractor) -> None:
    found = written(extractor, "Lighthouses", "Do lighthouses still guide ships? They do.")
    assert found == []


@pytest.mark.parametrize(
    ("turn", "told"),
    [
        ("Thanks, I will. Big news - I moved to Oslo in May!", ["Tim moved to Oslo in May."]),
        ("Hey John, that was fun!", []),
        (
            "Hey John, since we last chatted, I've had a lot of trouble.",
            ["Tim has had a lot of trouble."],
        ),
        ("Your courage is inspiring.", ["John's courage is inspiring."]),
        ("I really appreciate your support.", ["Tim really appreciates John's support."]),
    ],
)
def test_calls_and_exclamations_are_no_part_of_a_statement(
    extractor: SpacyExtractor, turn: str, told: list[str]
) -> None:
    assert [fact.text for fact in said(extractor, turn)] == told


def test_a_known_subject_needs_no_topic_before_it(extractor: SpacyExtractor) -> None:
    text = "The Alps are a mountain range. Switzerland keeps an army. Tunnels carry the trains."
    assert written(extractor, "Alps", text) == [
        "The Alps are a mountain range.",
        "Switzerland keeps an army.",
        "Regarding Alps, tunnels carry the trains.",
    ]


def test_a_film_stars_who_stars_in_it_whoever_directed_it(extractor: SpacyExtractor) -> None:
    found = written(
        extractor,
        "Last Vegas",
        "Last Vegas is a 2013 American comedy film directed by Jon Turteltaub, written by Dan "
        "Fogelman and starring Michael Douglas and Robert De Niro.",
    )
    film = "Last Vegas is a 2013 American comedy film"
    assert found == [
        f"{film}.",
        f"{film} directed by Jon Turteltaub.",
        f"{film} written by Dan Fogelman.",
        f"{film} starring Michael Douglas.",
        f"{film} starring Robert De Niro.",
    ]


def test_all_listed_verbs_have_the_object_of_the_last(extractor: SpacyExtractor) -> None:
    found = written(
        extractor,
        "After the Gold Rush",
        "After the Gold Rush is a song written, composed, and performed by Neil Young.",
    )
    song = "After the Gold Rush is a song"
    assert {f"{song} {verb} by Neil Young." for verb in ("written", "composed", "performed")} < {
        *found
    }


def test_a_title_that_reads_like_a_clause_is_a_subject(extractor: SpacyExtractor) -> None:
    title = "Live Like You Were Dying"
    found = written(extractor, title, f"{title} is the eighth studio album by Tim McGraw.")
    assert found[0] == f"{title} is the eighth studio album by Tim McGraw."


def test_where_a_named_thing_stands_is_told(extractor: SpacyExtractor) -> None:
    found = written(
        extractor,
        "Butterfly Pond",
        "Butterfly Pond is a pond in the town of Lincoln, in Providence County, Rhode Island. "
        "Services are held at Trinity Episcopal Church in Mattoon.",
    )
    assert {
        "Providence County is located in Rhode Island.",
        "Trinity Episcopal Church is located in Mattoon.",
    } < {*found}


def test_examples_are_included(extractor: SpacyExtractor) -> None:
    found = written(
        extractor, "Otters", "Otters hunt small animals such as frogs, crabs and water snakes."
    )
    assert "Small animals include frogs, crabs and water snakes." in found


def test_a_name_after_two_descriptions_has_both(extractor: SpacyExtractor) -> None:
    text = "The band was led by the singer and bassist Jon Harvey."
    found = written(extractor, "Monster Truck", text)
    assert {"Jon Harvey is a singer.", "Jon Harvey is a bassist."} < {*found}
    assert "was led by Jon Harvey." in " ".join(found)


def test_a_person_is_called_as_the_title_has_it_but_where_both_names_are_told(
    extractor: SpacyExtractor,
) -> None:
    text = (
        "Juan de Dios Prados López (born 12 August 1986), known as Juande, is a Spanish "
        "professional footballer."
    )
    assert written(extractor, "Juande", text) == [
        "Juan de Dios Prados López is known as Juande.",
        "Juande is a Spanish professional footballer.",
        "Juande was born on 12 August 1986.",
    ]


def test_what_one_is_accused_of_is_not_told_as_done(extractor: SpacyExtractor) -> None:
    text = "Ann Lee was accused of stealing a painting."
    assert "Ann Lee was accused of stealing a painting." in written(extractor, "Ann Lee", text)
    assert not any("stole" in told for told in written(extractor, "Ann Lee", text))


@pytest.mark.parametrize(
    ("aside", "told"),
    [
        ("also known as the northern river otter", "is also known as the northern river otter."),
        ("hunted until 1911", "was hunted until 1911."),
    ],
)
def test_an_aside_that_reads_on_is_told_with_its_verb(
    extractor: SpacyExtractor, aside: str, told: str
) -> None:
    found = written(extractor, "Otter", f"The Canadian otter ({aside}) is a mammal.")
    assert f"The Canadian otter {told}" in found


def test_a_long_description_keeps_its_beginning(extractor: SpacyExtractor) -> None:
    text = "Robot Monster is a 1953 independent black-and-white science fiction film."
    assert written(extractor, "Robot Monster", text) == [text]
    closed = "The museum closed because of a lack of funding."
    assert "because of a lack of funding." in written(extractor, "Tin Museum", closed)[0]
