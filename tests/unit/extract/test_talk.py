"""Turns refer to what was said in earlier ones, and talk is told as what it says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from graphmem.adapters.extractors.spacy import SpacyExtractor
from graphmem.model.extraction import EarlierTurn, Extraction, PassageContext
from graphmem.model.knowledge import Polarity
from graphmem.model.source import EpisodeKind


@pytest.fixture(scope="module")
def extractor() -> Iterator[SpacyExtractor]:
    made = SpacyExtractor()
    yield made
    made.close()


def last_of(extractor: SpacyExtractor, *turns: tuple[str, str]) -> Extraction:
    """What is read in the last turn of a chat of Ann and Bob."""
    *before, (speaker, text) = turns
    context = PassageContext(
        passage_id="last",
        text=text,
        kind=EpisodeKind.CHAT,
        speaker=speaker,
        addressee="Bob" if speaker == "Ann" else "Ann",
        earlier=tuple(EarlierTurn(speaker=who, text=said) for who, said in before),
    )
    return extractor.extract([context])[0]


def texts(extraction: Extraction) -> list[str]:
    return [fact.text for fact in extraction.facts]


def test_a_pronoun_means_who_was_named_turns_ago(extractor: SpacyExtractor) -> None:
    met, asked = ("Ann", "I met Peter Hall in Oslo."), ("Bob", "Really? Great!")
    assert texts(last_of(extractor, met, asked, ("Ann", "He bought a boat."))) == [
        "Peter Hall bought a boat."
    ]
    assert texts(last_of(extractor, ("Ann", "He bought a boat."))) == []


def test_a_description_means_the_name_given_in_an_earlier_turn(extractor: SpacyExtractor) -> None:
    found = last_of(
        extractor,
        ("Ann", "Peter has a dog called Max."),
        ("Bob", "The dog bit my sister."),
    )
    [fact] = found.facts
    assert [(member.role, member.name) for member in fact.members[:1]] == [("subject", "Max")]
    assert [(r.name, r.start) for r in found.references if r.name == "Max"] == [("Max", 4)]


def test_they_are_two_who_were_named_apart(extractor: SpacyExtractor) -> None:
    text = "Ann Lee met Bob Hall in Rome. They married in 1920. Their son was born in Oslo."
    [found] = extractor.extract([PassageContext(passage_id="d", text=text)])
    assert texts(found)[1:] == [
        "Ann Lee married in 1920.",
        "Bob Hall married in 1920.",
        "Ann Lee and Bob Hall's son was born in Oslo.",
    ]
    told = [reference.name for reference in found.references if reference.start == 30]
    assert told == ["Ann Lee", "Bob Hall"]


def test_whom_a_turn_calls_is_not_what_it_speaks_of(extractor: SpacyExtractor) -> None:
    assert texts(last_of(extractor, ("Ann", "Sounds great, Bob!"))) == []


def test_what_is_not_done_is_not_told_as_done(extractor: SpacyExtractor) -> None:
    text = "Instead of taking the bus, Joel walked home without asking Mary Hill."
    [found] = extractor.extract([PassageContext(passage_id="d", text=text)])
    polarity = {fact.text: fact.polarity for fact in found.facts}
    assert polarity == {
        "Joel did not take the bus.": Polarity.NEGATIVE,
        "Joel walked home.": Polarity.POSITIVE,
        "Joel did not ask Mary Hill.": Polarity.NEGATIVE,
    }


def test_what_was_described_once_is_the_one_from_then_on(extractor: SpacyExtractor) -> None:
    text = "Mary Hill has a shelf with many books on it. She sold it."
    [found] = extractor.extract([PassageContext(passage_id="d", text=text)])
    assert texts(found)[1] == "Mary Hill sold the shelf."
    sold = found.facts[1]
    assert [text[m.start : m.end] for m in sold.members] == ["She", "it"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Neither Ann nor Bob came to Oslo.",
            ["Ann did not come to Oslo. (negative)", "Bob did not come to Oslo. (negative)"],
        ),
        ("Peter Hall denied stealing the car.", ["Peter Hall denied stealing the car. (negative)"]),
        ("Ann Lee never met Bob.", ["Ann Lee never met Bob. (negative)"]),
        ("Ann Lee hopes to visit Rome.", ["Ann Lee hopes to visit Rome. (intended)"]),
        (
            "Ann Lee worked at IBM until 2005. Until then, she lived in Boston.",
            ["Ann Lee worked at IBM until 2005.", "Ann Lee lived in Boston until 2005."],
        ),
        (
            "Ada Lovelace (born 10 December 1815 – died 27 November 1852) wrote.",
            [
                "Ada Lovelace was born on 10 December 1815.",
                "Ada Lovelace died on 27 November 1852.",
            ],
        ),
    ],
)
def test_sentences_are_told_as_they_mean(
    extractor: SpacyExtractor, text: str, expected: list[str]
) -> None:
    [found] = extractor.extract([PassageContext(passage_id="d", text=text)])
    moods = {fact.text: {fact.polarity.value, fact.modality.value} for fact in found.facts}
    plain = {"positive", "actual"}
    told = [f"{text} ({m})" if (m := min(mood - plain, default="")) else text
            for text, mood in moods.items()]  # fmt: skip
    assert [text for text in told if "wrote" not in text] == expected


def test_two_who_own_together_are_both_members(extractor: SpacyExtractor) -> None:
    text = "Ann and Bob's son Carl was born in 1990."
    [found] = extractor.extract([PassageContext(passage_id="d", text=text)])
    assert all({"Ann", "Bob"} <= {m.name for m in fact.members} for fact in found.facts)


def test_what_is_given_to_somebody_reads_so(extractor: SpacyExtractor) -> None:
    found = last_of(
        extractor, ("Ann", "My grandma gave a ring to me. It was an awesome time, Bob!")
    )
    assert texts(found) == ["Ann's grandma gave a ring to Ann."]
