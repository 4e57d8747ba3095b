"""What only talk does: exclaims, calls by name, wishes, and leaves out who speaks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

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


def said(extractor: SpacyExtractor, text: str) -> list[FactDraft]:
    """The facts of a turn that Ann says to Bob."""
    context = PassageContext(
        passage_id="p",
        text=text,
        kind=EpisodeKind.CHAT,
        speaker="Ann",
        addressee="Bob",
        occurred_at=datetime(2023, 5, 8, tzinfo=UTC),
    )
    [extraction] = extractor.extract([context])
    return list(extraction.facts)


@pytest.mark.parametrize(
    ("turn", "told"),
    [
        ("Bought a new car yesterday.", ["Ann bought a new car on 7 May 2023."]),
        (
            "Been rehearsing hard and working on business plans.",
            ["Ann has been rehearsing.", "Ann has been working on business plans."],
        ),
        ("Hoping to raise awareness.", ["Ann is hoping to raise awareness."]),
        ("Got any examples?", []),
        ("Sounds great, Bob!", []),
        ("Made me smile.", []),
    ],
)
def test_what_is_said_without_a_subject_is_said_of_who_speaks(
    extractor: SpacyExtractor, turn: str, told: list[str]
) -> None:
    assert [fact.text for fact in said(extractor, turn)] == told


@pytest.mark.parametrize(
    ("turn", "told"),
    [
        ("Losing my job was hard.", ["Losing Ann's job was hard."]),
        (
            "Overcoming challenges builds strength.",
            ["Overcoming challenges builds strength."],
        ),
        (
            "Taking time off for ourselves and our family is so important.",
            ["Taking time off for ourselves and Ann's family is important."],
        ),
        ("Putting yourself out there is brave.", ["Putting yourself out there is brave."]),
        ("Losing it was hard.", []),
    ],
)
def test_what_is_done_is_a_subject_as_a_whole(
    extractor: SpacyExtractor, turn: str, told: list[str]
) -> None:
    assert [fact.text for fact in said(extractor, turn)] == told


def test_the_names_in_what_is_done_are_members(extractor: SpacyExtractor) -> None:
    [fact] = said(extractor, "Losing my job was hard.")
    assert [member.name for member in fact.members if member.name == "Ann"] == ["Ann"]


@pytest.mark.parametrize(
    "turn",
    [
        "Thanks Bob! A mix of emotions for sure.",
        "Thanks, Bob - really appreciate your words!",
        "Thank you for your concern!",
        "Lucky you to have such an awesome family!",
        "That picture is so cute!",
        "Wish I had a vacation lined up.",
        "It's hard to run a business when you don't have faith in yourself.",
        "I hope you like it.",
        "I'm proud of who I am.",
        "Made me smile.",
        "It helped me grow.",
        "Just make sure you don't quit.",
        "Let me know if you need any help.",
        "Don't worry.",
    ],
)
def test_what_states_nothing_is_no_fact(extractor: SpacyExtractor, turn: str) -> None:
    assert said(extractor, turn) == []


@pytest.mark.parametrize(
    ("turn", "told"),
    [
        (
            "Dance has the power to heal us and create sweet moments.",
            ["Dance has the power to heal Ann.", "Dance has the power to create sweet moments."],
        ),
        ("I'm off to bake some cakes.", ["Ann is off to bake some cakes."]),
        ("I'm here to support you.", ["Ann is here to support Bob."]),
        (
            "I made this painting to show my path.",
            ["Ann made this painting.", "Ann made this painting to show Ann's path."],
        ),
        (
            "You should come down and join me on the trails!",
            ["Bob should come down.", "Bob should join Ann on the trails."],
        ),
        ("My dog keeps me going.", ["Ann's dog keeps Ann going."]),
        ("We went camping last weekend.", ["Ann went camping in 6 May 2023 – 7 May 2023."]),
        ("I've been painting since 2016.", ["Ann has been painting since 2016."]),
        ("My son had an accident.", ["Ann's son had an accident."]),
        ("I don't have any pets.", ["Ann does not have any pets."]),
        (
            "I hope I can hear you play the violin.",
            ["Ann hopes that Ann can hear Bob play the violin."],
        ),
        ("I love the joy of sharing stories.", ["Ann loves the joy of sharing stories."]),
        ("My sister and I had a party.", ["Ann's sister had a party.", "Ann had a party."]),
        ("You guys look great!", ["Bob looks great."]),
        ("Yeah, we go a few times a week.", ["Ann goes a few times a week."]),
    ],
)
def test_a_fact_is_not_cut_off(extractor: SpacyExtractor, turn: str, told: list[str]) -> None:
    assert [fact.text for fact in said(extractor, turn)] == told


def test_what_one_loves_to_do_is_so_and_what_one_would_love_is_meant(
    extractor: SpacyExtractor,
) -> None:
    [loved] = said(extractor, "I love running my own studio.")
    assert (loved.modality, loved.intent) == (Modality.ACTUAL, "preference")
    [wished] = said(extractor, "I'd love to visit your studio.")
    assert (wished.modality, wished.intent) == (Modality.INTENDED, "plan")


@pytest.mark.parametrize(
    ("turn", "intents"),
    [
        ("Nora is allergic to dogs, so I will bring you the cat.", ["statement", "promise"]),
        ("Wow, traveling is amazing, isn't it?", ["statement"]),
    ],
)
def test_a_fact_has_the_intent_of_what_it_tells(
    extractor: SpacyExtractor, turn: str, intents: list[str]
) -> None:
    assert [fact.intent for fact in said(extractor, turn)] == intents
