"""Mined attributes: what is told from a passage's words."""

from __future__ import annotations

import pytest

from graphmem.extract.attributes import MOST_KEYWORDS, NAMES, mine
from graphmem.extract.fields import event_types
from graphmem.extract.intents import Intent, intent_of
from graphmem.extract.read import read_names
from graphmem.model.extraction import FactDraft, MemberDraft, PassageContext
from graphmem.model.knowledge import EntityType, Modality
from graphmem.model.source import EpisodeKind

TURBINE = PassageContext(
    passage_id="p",
    title="Heron turbine",
    text="The Heron turbine is a tidal turbine. Samir Okafor designed the tidal turbine for the "
    "company Brightwater Energy, which sold the business to an investor. #tidal #Energy2030",
)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Hey Ann! How are you?", Intent.QUESTION),
        ("Where did you go", Intent.QUESTION),
        ("Could you send me the file?", Intent.REQUEST),
        ("Remind me to call mum.", Intent.REQUEST),
        ("Thanks! I'll send you the report tomorrow.", Intent.PROMISE),
        ("I won't quit.", Intent.PROMISE),
        ("I'll always remember that day.", Intent.STATEMENT),
        ("Let's go camping next weekend.", Intent.SUGGESTION),
        ("Don't give up on your dreams.", Intent.SUGGESTION),
        ("Sorry about that, I forgot.", Intent.APOLOGY),
        ("Thanks so much, Bob!", Intent.THANKS),
        ("I think it was the best film of the year.", Intent.OPINION),
        ("Wow, that’s amazing!", Intent.OPINION),
        ("Hi there!", Intent.GREETING),
        ("Hello Bob, good morning!", Intent.GREETING),
        ("We moved to Oslo in May.", Intent.STATEMENT),
        ("What a day it was!", Intent.STATEMENT),
        ("", Intent.STATEMENT),
        ("…", Intent.STATEMENT),
    ],
)
def test_a_turn_is_told_by_what_it_does(text: str, intent: Intent) -> None:
    assert intent_of(text) is intent


def test_keywords_are_phrases_of_the_text_the_weightiest_first() -> None:
    keywords = mine(TURBINE, read_names(TURBINE).mentions, ()).attributes["keywords"]
    assert isinstance(keywords, tuple)
    assert keywords[0] in ("heron turbine", "tidal turbine")
    assert len(keywords) <= MOST_KEYWORDS
    text = TURBINE.text.lower()
    assert all(keyword in text for keyword in keywords)
    assert not any(a != b and f" {a} " in f" {b} " for a in keywords for b in keywords)


def test_topics_need_two_words_that_speak_for_them() -> None:
    assert mine(TURBINE, (), ()).attributes["topics"] == ("business",)
    once = TURBINE.model_copy(update={"text": "The company moved."})
    assert "topics" not in mine(once, (), ()).attributes


def test_tags_are_those_that_are_written() -> None:
    assert mine(TURBINE, (), ()).attributes["tags"] == ("tidal", "energy2030")
    plain = TURBINE.model_copy(update={"text": "Room #4, C# and a&#b; no#tag."})
    assert "tags" not in mine(plain, (), ()).attributes


def test_event_types_are_the_verbs_classes() -> None:
    assert event_types(["be born", "marry", "found"]) == (
        "birth",
        "discovery",
        "founding",
        "marriage",
    )
    assert event_types(["was published by"]) == ("publication",)
    assert event_types(["be", "seem"]) == ()


def test_intents_are_for_turns_of_a_chat() -> None:
    asked = TURBINE.model_copy(update={"text": "Is it tidal?", "kind": EpisodeKind.CHAT})
    assert mine(asked, (), ()).attributes["intent"] == "question"
    assert "intent" not in mine(TURBINE, (), ()).attributes


def test_the_same_passage_has_the_same_attributes_and_no_others() -> None:
    mentions = read_names(TURBINE).mentions
    assert mine(TURBINE, mentions, ()).attributes == mine(TURBINE, mentions, ()).attributes
    assert list(mine(TURBINE, mentions, ()).attributes.keys() - set(NAMES)) == []
    empty = PassageContext(passage_id="p", text="...")
    assert mine(empty, (), ()).attributes == {}


def draft(text: str, predicate: str, *, within: str, **fields: object) -> FactDraft:
    """A fact whose subject is its first word, stated where its last word stands."""
    subject = text.split(maxsplit=1)[0]
    at = within.index(text.rstrip(".").split()[-1])
    members = (MemberDraft(role="subject", text=subject, name=subject, type=EntityType.PERSON),)
    values = {"text": text, "predicate": predicate, "members": members, "start": at, "end": at + 1}
    return FactDraft(**{**values, **fields})


SAID = (
    "I love jazz concerts. Could you send me the album? I'll bring your guitar.\n"
    "I want to study music in Bergen #norway. We painted the kitchen. #home"
)


def said(text: str, predicate: str, **fields: object) -> FactDraft:
    turn = PassageContext(passage_id="p", text=SAID, kind=EpisodeKind.CHAT, speaker="Ann")
    [fact] = mine(turn, (), [draft(text, predicate, within=SAID, **fields)]).facts
    return fact


def test_a_fact_has_the_attributes_of_its_own_statement() -> None:
    fact = said("Ann wants to study music in Bergen.", "study", modality=Modality.INTENDED)
    assert (fact.topics, fact.event_types, fact.intent) == (("music",), ("education",), "plan")
    assert fact.keywords == ("music", "bergen")
    assert fact.tags == ("norway", "home")
    kitchen = said("Ann painted the kitchen.", "paint")
    assert (kitchen.topics, kitchen.event_types) == ((), ("creation",))
    assert kitchen.keywords == ("kitchen",)
    assert said("Ann loves jazz concerts.", "love").tags == ()


@pytest.mark.parametrize(
    ("text", "predicate", "modality", "intent"),
    [
        ("Ann loves jazz concerts.", "love", Modality.ACTUAL, "preference"),
        ("Bob will send the album.", "send", Modality.POSSIBLE, "request"),
        ("Ann will bring the guitar.", "bring", Modality.INTENDED, "promise"),
        ("Ann wants to study in Bergen.", "study", Modality.INTENDED, "plan"),
        ("Ann painted the kitchen.", "paint", Modality.ACTUAL, "statement"),
    ],
)
def test_a_fact_of_a_turn_has_the_intent_of_its_own_sentence(
    text: str, predicate: str, modality: Modality, intent: str
) -> None:
    assert said(text, predicate, modality=modality).intent == intent


def test_one_word_is_a_topic_of_a_fact_only_where_its_passage_has_more() -> None:
    alone = "She bought a guitar."
    fact = draft("Ann bought a guitar.", "buy", within=alone)
    assert mine(PassageContext(passage_id="p", text=alone), (), [fact]).facts[0].topics == ()
    more = f"{alone} It was for a concert."
    assert mine(PassageContext(passage_id="p", text=more), (), [fact]).facts[0].topics == ("music",)


def test_names_and_the_verb_are_no_keywords_of_a_fact() -> None:
    text = "Ann directed the well-known short film."
    fact = draft(text, "direct", within=text)
    [mined] = mine(PassageContext(passage_id="p", text=text), (), [fact]).facts
    assert mined.keywords == ("short film",)
    assert mined.intent is None
    assert mined == fact.model_copy(
        update={
            "keywords": mined.keywords,
            "topics": mined.topics,
            "event_types": ("creation",),
        }
    )
