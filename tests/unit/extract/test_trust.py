"""Facts that nobody would laugh at: sentences that were once told wrongly, by the real parser."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from graphmem.adapters.extractors.spacy import SpacyExtractor
from graphmem.extract.headlines import heading_of, is_headline
from graphmem.model.extraction import PassageContext
from graphmem.model.source import EpisodeKind


@pytest.fixture(scope="module")
def extractor() -> SpacyExtractor:
    return SpacyExtractor()


def texts(extractor: SpacyExtractor, text: str, title: str = "") -> list[str]:
    passage = PassageContext(passage_id="d", text=text, title=title)
    return [fact.text for fact in extractor.extract([passage])[0].facts]


def talk(extractor: SpacyExtractor, text: str) -> list[str]:
    turn = PassageContext(
        passage_id="c",
        text=text,
        kind=EpisodeKind.CHAT,
        speaker="Nora",
        addressee="Felix",
        occurred_at=datetime(2023, 5, 8, tzinfo=UTC),
    )
    return [fact.text for fact in extractor.extract([turn])[0].facts]


@pytest.mark.parametrize(
    ("title", "text", "told", "never"),
    [
        (  # a company is not founded by itself
            "Verdant Marine",
            "Verdant Marine is a seaweed farm on Greywick. Ines Calloway founded the company in"
            " 2014 under the name Lumen Kelp.",
            "Ines Calloway founded Verdant Marine in 2014 under the name, Lumen Kelp.",
            "Lumen Kelp is the name.",
        ),
        (  # what a flood destroys is another's
            "Brightwater Energy",
            "Brightwater Energy moved because the harbour flood had destroyed its offices.",
            "The harbour flood had destroyed Brightwater Energy's offices.",
            "The harbour flood of Brightwater Energy",
        ),
        (  # the clause before the main verb does not take its subject
            "Verdant Marine",
            "When Ines Calloway left for Brightwater Energy, Priya Raman became the director.",
            "Priya Raman became the director",
            "Ines Calloway became",
        ),
        (  # "it" is no person
            "",
            "Verdant Marine bought Greywick Lighthouse in 2021 and turned it into a laboratory.",
            "Verdant Marine turned Greywick Lighthouse into a laboratory.",
            "turned Ines",
        ),
        (  # a tagger's word alone makes nobody of a firm
            "Port Kestrel",
            "The river Ald meets the sea at Port Kestrel. Osprey Shipping has its quay there.",
            "Osprey Shipping has Osprey Shipping's quay",
            "Port Kestrel's quay",
        ),
        (  # "where" is a place, not a year
            "Jonas Whitlock",
            "He has lived in Aldmoor since 2021, where he runs a vineyard.",
            "Jonas Whitlock runs a vineyard in Aldmoor.",
            "in 2021.",
        ),
        (
            "Clara Whitlock",
            "She sold two tugs in order to pay the debts.",
            "Clara Whitlock sold two tugs to pay the debts.",
            "in order.",
        ),
        (  # things made beside one another
            "Tidemark Instruments",
            "Tidemark Instruments is a maker of current meters and tide gauges.",
            "Tidemark Instruments is a maker of current meters and tide gauges.",
            "is tide gauges",
        ),
        (  # a noun before a name does not always describe it
            "",
            "After the flood Brightwater Energy moved to Saltmere.",
            "Brightwater Energy moved to Saltmere.",
            "is a flood",
        ),
        (
            "Heron turbine",
            "The seals leaked because the sand near Greywick is very fine.",
            "the sand is fine near Greywick.",
            "located",
        ),
        (  # a name ends with its sentence
            "",
            "The Institute of Oceanography is also known as the Kestrel Institute. Priya Raman was"
            " its director from 2008 to 2021.",
            "Priya Raman was",
            "Institute. Priya",
        ),
        (  # a verb that a tagger takes for a noun
            "Osprey Shipping",
            "The Kittiwake sails between Port Kestrel and Greywick.",
            "The Kittiwake sails between Port Kestrel and Greywick.",
            "Listed under",
        ),
        (
            "Kittiwake",
            "The Kittiwake ran aground off Greywick on 3 November 2015.",
            "The Kittiwake ran aground off Greywick on 3 November 2015.",
            "ran off",
        ),
        (  # the town, whatever it was warned of
            "",
            "Owen Tate warned the town of a flood in 2017, but the town did not repair the wall.",
            "The town did not repair the wall.",
            "The town of a flood",
        ),
        (  # a wall is repaired, not a flood
            "Harbour flood of 2019",
            "The harbour flood struck the town. The sea wall broke because it had not been"
            " repaired since 1996.",
            "The sea wall of Harbour flood of 2019 had not been repaired since 1996.",
            "The harbour flood had not",
        ),
        (
            "Port Kestrel",
            "Port Kestrel is a town in Wexmoor. The river Ald meets the sea at Port Kestrel.",
            "Ald meets the sea at Port Kestrel.",
            "meets Wexmoor",
        ),
        (  # a headline is no subject
            "Brightwater Energy opens on Mill Quay",
            "Brightwater Energy opened its new headquarters on Mill Quay in Saltmere.",
            "Brightwater Energy opened Brightwater Energy's new headquarters on Mill Quay",
            "opens on Mill Quay",
        ),
        (
            "Priya Raman joins Verdant Marine",
            "Priya Raman became the director of Verdant Marine. She had led the Kestrel Institute.",
            "Priya Raman had led the Kestrel Institute.",
            "joins",
        ),
        (  # a heading is what a text without a title is about, not a longer name in it
            "",
            "Greywick\n\nGreywick is an island. Greywick Lighthouse was built in 1871.",
            "Greywick is an island.",
            "Greywick Lighthouse is",
        ),
    ],
)
def test_documents_are_not_told_wrongly(
    extractor: SpacyExtractor, title: str, text: str, told: str, never: str
) -> None:
    found = texts(extractor, text, title)
    assert any(told in fact for fact in found), found
    assert not any(never in fact for fact in found), found


@pytest.mark.parametrize(
    ("text", "told", "never"),
    [
        (
            "Big news, Felix: I moved to Saltmere on Saturday!",
            "Nora moved to Saltmere on 6 May 2023.",
            "big news",
        ),
        (
            "Biscuit stays with my sister Hanna on Fridays, so you can breathe.",
            "Hanna is Nora's sister.",
            "sister on Fridays",
        ),
        (
            "Ines and I adopted a dog last week. His name is Biscuit.",
            "The dog's name is Biscuit.",
            "His name",
        ),
        (
            "Samir gave me the medal. My father drove down from Aldmoor to see it.",
            "Nora's father drove to see the medal.",
            "see Aldmoor",
        ),
    ],
)
def test_talk_is_not_told_wrongly(
    extractor: SpacyExtractor, text: str, told: str, never: str
) -> None:
    found = talk(extractor, text)
    assert told in found, found
    assert not any(never in fact for fact in found), found


@pytest.mark.parametrize(
    ("text", "told", "never"),
    [
        (
            "Look at this! [shares an image: a photo of a notebook with notes on it]",
            "Nora shares an image: a photo of a notebook with notes on it.",
            "An image is",
        ),
        (
            "I won the race. It was so hard, but it took a lot of time.",
            "Nora won the race.",
            "hard",
        ),
        ("Did you manage to see Ann?", "asks whether Felix managed to see Ann", "manage to saw"),
        ("I'm so excited to tell you I started a class.", "is excited that Nora started", "ises"),
        (
            "I'd been wanting to try yoga.",
            "Nora had been wanting to try yoga.",
            "would been",
        ),
        ("I hope you have a great time.", "Nora hopes that Felix has a great time.", "Felix has"),
        (
            "I wanted to make the place look like my own.",
            "Nora wanted to make the place look like Nora's own.",
            "The place look",
        ),
        (
            "That sign reminds me to rest.",
            "That sign reminds Nora to rest.",
            "That sign reminds Nora.",
        ),
        ("Then we are neighbours. I met Ann Lee.", "Nora met Ann Lee.", "is neighbours"),
        ("Let's get support from the leaders. I met Ann Lee.", "Nora met Ann Lee.", "'s get"),
    ],
)
def test_talk_is_told_whole_or_not_at_all(
    extractor: SpacyExtractor, text: str, told: str, never: str
) -> None:
    found = talk(extractor, text)
    assert any(told in fact for fact in found), found
    assert not any(fact.startswith(never) or f" {never}" in fact for fact in found if fact != told)


def test_who_is_a_person_and_the_first_words_are_the_subjects(extractor: SpacyExtractor) -> None:
    found = texts(
        extractor,
        "Peter Houtman is a striker from the Netherlands who obtained eight caps. At its height,"
        " the British Empire covered a quarter of the Earth.",
        "Colonial empire",
    )
    assert "Peter Houtman obtained eight caps." in found
    assert not any("Colonial empire's height" in fact for fact in found)


def test_a_headline_is_a_clause_whose_subject_the_text_has_by_itself() -> None:
    text = "Nora Quill received the Wexmoor Medal. Boston Celtics seasons are listed below."
    assert is_headline("Nora Quill receives the Wexmoor Medal", text)
    assert not is_headline("Nora Quill", text)
    assert not is_headline("Boston Celtics seasons by year", text)
    assert not is_headline("Harbour flood of 2019", "The harbour flood struck Port Kestrel.")
    title = "Everybody Loves Raymond"
    assert not is_headline(title, f"{title} is a sitcom.")


def test_a_heading_is_a_name_that_the_text_goes_on_with() -> None:
    assert heading_of("Saltmere\n\nSaltmere is a town.") == "Saltmere"
    assert heading_of("Kittiwake\n\nThe Kittiwake is a ferry.") == "Kittiwake"
    assert heading_of("Dear Ann,\n\nSaltmere is a town.") == ""
    assert heading_of("Saltmere is a town.\n\nSaltmere is old.") == ""
