"""What every extractor promises, whatever it reads by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from scripted_llm import Request, ScriptedLLM, Step, says

from graphmem.adapters.extractors.llm import LLMExtractor
from graphmem.adapters.extractors.names import NamesExtractor
from graphmem.adapters.extractors.openie import OpenIEExtractor
from graphmem.adapters.extractors.pool import PooledExtractor
from graphmem.adapters.extractors.spacy import SpacyExtractor
from graphmem.adapters.llms.openai_compatible import OpenAICompatible
from graphmem.model.extraction import Extraction, FactDraft, PassageContext
from graphmem.model.knowledge import EntityType, Modality, Polarity
from graphmem.model.source import Depth, EpisodeKind, OpenTriples
from graphmem.ports.models import Extractor

AT = datetime(2023, 5, 8, 13, 56, tzinfo=UTC)
DOCUMENTS = [
    ("Ada Lovelace", "Ada Lovelace (born 10 December 1815) was a mathematician. She met Charles "
     "Babbage in 1833 because her tutor, Mary Somerville, had introduced them."),
    ("Acme (company)", "Acme was founded by Ann Lee in Oslo, Norway. The company may move to Rome "
     "in 2030. It does not employ robots."),
    ("", "Ann Lee joined Acme in May 2021."),
    ("Odd", "🙂 ¡¿…?! ((((( ))))) \u200b\u202e عربى 日本語。"),
    ("Long", "x" * 3000),
    ("", "."),
    ("Nested", "(" * 500 + ")" * 500),
]  # fmt: skip
TURNS = [
    ("Ann", "Bob", "I went to Oslo yesterday with my sister."),
    ("Bob", "Ann", "Do you like Oslo?"),
    ("Ann", None, ""),
]


def contexts() -> list[PassageContext]:
    documents = [
        PassageContext(passage_id=f"d{n}", title=title, text=text)
        for n, (title, text) in enumerate(DOCUMENTS)
    ]
    turns = [
        PassageContext(
            passage_id=f"t{n}",
            text=text,
            kind=EpisodeKind.CHAT,
            speaker=speaker,
            addressee=addressee,
            occurred_at=AT,
        )
        for n, (speaker, addressee, text) in enumerate(TURNS)
    ]
    return [*documents, *turns]


def of_three_words(request: Request) -> Step:
    """A model of little understanding: the first three words of a passage are a fact."""
    text = request.user.partition("<passage>")[2].partition("</passage>")[0].strip()
    match = re.match(r"(\w+) (\w+) (\w+)", text)
    if match is None:
        return says({"entities": [], "facts": []})
    subject, verb, object_ = match.groups()
    members = [("subject", subject), ("object", object_)]
    fact = {
        "id": "f1",
        "quote": match[0],
        "text": f"{match[0]}.",
        "predicate": verb,
        "members": [{"role": role, "text": word, "name": word} for role, word in members],
    }
    return says({"entities": [], "facts": [fact]})


@pytest.fixture(scope="module", params=["names", "spacy", "pool", "openie", "llm"])
def extractor(request: pytest.FixtureRequest) -> Iterator[Extractor]:
    made: Extractor
    if request.param == "llm":
        server = ScriptedLLM()
        server.respond = of_three_words
        llm = OpenAICompatible(server.url, model="three-words")
        made = LLMExtractor(llm, fallback=SpacyExtractor())
        yield made
        made.close()
        server.close()
        return
    if request.param == "names":
        made = NamesExtractor()
    elif request.param == "spacy":
        made = SpacyExtractor()
    elif request.param == "openie":
        made = OpenIEExtractor(SpacyExtractor())
    else:
        made = PooledExtractor(SpacyExtractor, workers=2)
    yield made
    made.close()


@pytest.fixture(scope="module")
def read(extractor: Extractor) -> dict[str, Extraction]:
    """All that is read in the passages, by passage."""
    found = extractor.extract(contexts() * 2)  # enough for a pool to start
    return {extraction.passage_id: extraction for extraction in found}


def test_there_is_one_extraction_a_passage_in_order(extractor: Extractor) -> None:
    asked = contexts()
    assert [e.passage_id for e in extractor.extract(asked)] == [c.passage_id for c in asked]
    assert extractor.extract([]) == []


def test_the_same_passages_are_read_the_same(extractor: Extractor) -> None:
    assert extractor.extract(contexts()) == extractor.extract(contexts())


def test_company_does_not_change_what_is_read(extractor: Extractor) -> None:
    together = extractor.extract(contexts())
    assert [extractor.extract([context])[0] for context in contexts()] == together


def test_offsets_lie_in_the_passage_and_surfaces_stand_there(read: dict[str, Extraction]) -> None:
    by_id = {context.passage_id: context for context in contexts()}
    for id, extraction in read.items():
        text, title = by_id[id].text, by_id[id].title
        for mention in extraction.mentions:
            assert (mention.start is None) == (mention.end is None)
            if mention.start is not None:
                assert text[mention.start : mention.end] == mention.surface
        for fact in extraction.facts:
            assert 0 <= fact.start < fact.end <= len(text)
            for member in fact.members:
                if member.start is None or member.end is None:
                    assert member.text in title, "what the passage is about needs no place in it"
                    assert member.start is member.end
                else:
                    assert fact.start <= member.start < member.end <= fact.end
        for link in extraction.links:
            assert {link.source, link.target} <= set(range(len(extraction.facts)))
            if link.start is not None:
                assert text[link.start : link.end].lower() == link.connective


def test_names_are_mentioned_whatever_the_depth(read: dict[str, Extraction]) -> None:
    names = {mention.name for mention in read["d1"].mentions}
    assert {"Acme (company)", "Ann Lee", "Oslo", "Norway", "Rome"} <= names
    about = {m.surface: m.about for m in read["d1"].mentions if m.about}
    assert about["Acme"] == about["Acme (company)"] == 1.0
    assert "Ann" in {mention.name for mention in read["t0"].mentions}


def test_facts_are_read_at_full_depth_only(
    extractor: Extractor, read: dict[str, Extraction]
) -> None:
    assert extractor.depth == (Depth.FAST if isinstance(extractor, NamesExtractor) else Depth.FULL)
    count = sum(len(extraction.facts) for extraction in read.values())
    assert (count > 0) == (extractor.depth is Depth.FULL)


def test_attributes_are_mined_whatever_the_depth(read: dict[str, Extraction]) -> None:
    assert read["t1"].attributes["intent"] == "question"
    assert "acme" in " ".join(map(str, read["d1"].attributes["keywords"]))
    assert read["d5"].attributes == {}


def test_triples_that_a_passage_brings_along_are_its_facts(extractor: Extractor) -> None:
    triples = OpenTriples(entities=("Ann Lee",), triples=(("Ann Lee", "joined", "Acme"),))
    context = contexts()[2].model_copy(update={"triples": triples})
    over = OpenIEExtractor(extractor)
    found, other = over.extract([context, contexts()[1]])
    assert [(fact.predicate, fact.text) for fact in found.facts] == [
        ("joined", "Ann Lee joined Acme.")
    ]
    assert other == extractor.extract([contexts()[1]])[0]
    assert over.depth is extractor.depth


def test_its_name_tells_method_and_version(extractor: Extractor) -> None:
    method, _, version = extractor.name.partition(":")
    assert method in ("names", "spacy", "llm")
    assert version


def test_closing_twice_is_closing_once() -> None:
    for made in (NamesExtractor(), SpacyExtractor(), PooledExtractor(NamesExtractor, workers=1)):
        made.close()
        made.close()


@pytest.fixture(scope="module")
def facts() -> dict[str, list[FactDraft]]:
    """What spaCy's model finds, by passage."""
    extractor = SpacyExtractor()
    found = {e.passage_id: list(e.facts) for e in extractor.extract(contexts())}
    extractor.close()
    return found


def test_plain_sentences_are_read_as_they_mean(facts: dict[str, list[FactDraft]]) -> None:
    stated = {
        id: [(fact.predicate, [(m.role, m.name) for m in fact.members]) for fact in own]
        for id, own in facts.items()
    }
    ada, acme = "Ada Lovelace", "Acme (company)"
    assert ("be born", [("object", ada), ("time", "10 December 1815")]) in stated["d0"]
    assert ("be", [("subject", ada), ("attribute", "mathematician")]) in stated["d0"]
    met = [("subject", ada), ("object", "Charles Babbage"), ("time", "1833")]
    assert ("meet", met) in stated["d0"]
    founded = [("subject", "Ann Lee"), ("object", acme), ("place", "Oslo"), ("place", "Norway")]
    assert ("found", founded) in stated["d1"]
    assert ("employ", [("subject", acme), ("object", "robots")]) in stated["d1"]
    joined = ("join", [("subject", "Ann Lee"), ("object", "Acme"), ("time", "May 2021")])
    assert stated["d2"] == [joined]
    [(predicate, members)] = stated["t0"]
    assert predicate == "go"
    assert {("subject", "Ann"), ("to", "Oslo"), ("time", "7 May 2023")} <= set(members)


def test_mood_polarity_and_time_are_read(facts: dict[str, list[FactDraft]]) -> None:
    by_predicate = {fact.predicate: fact for own in facts.values() for fact in own}
    assert by_predicate["move"].modality is Modality.POSSIBLE
    assert by_predicate["move"].valid_from == datetime(2030, 1, 1, tzinfo=UTC)
    assert by_predicate["employ"].polarity is Polarity.NEGATIVE
    assert by_predicate["go"].valid_from == datetime(2023, 5, 7, tzinfo=UTC)
    assert by_predicate["like"].modality is Modality.POSSIBLE
    assert by_predicate["found"].members[0].type is EntityType.PERSON
