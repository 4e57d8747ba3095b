"""Mined attributes: what is told from a passage's words."""

from __future__ import annotations

import pytest

from graphmem.extract.attributes import MOST_KEYWORDS, NAMES, mine
from graphmem.extract.fields import event_types
from graphmem.extract.intents import Intent, intent_of
from graphmem.extract.read import read_names
from graphmem.model.extraction import PassageContext
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
    keywords = mine(TURBINE, read_names(TURBINE).mentions, ())["keywords"]
    assert isinstance(keywords, tuple)
    assert keywords[0] in ("heron turbine", "tidal turbine")
    assert len(keywords) <= MOST_KEYWORDS
    text = TURBINE.text.lower()
    assert all(keyword in text for keyword in keywords)
    assert not any(a != b and f" {a} " in f" {b} " for a in keywords for b in keywords)


def test_topics_need_two_words_that_speak_for_them() -> None:
    assert mine(TURBINE, (), ())["topics"] == ("business",)
    once = TURBINE.model_copy(update={"text": "The company moved."})
    assert "topics" not in mine(once, (), ())


def test_tags_are_those_that_are_written() -> None:
    assert mine(TURBINE, (), ())["tags"] == ("tidal", "energy2030")
    plain = TURBINE.model_copy(update={"text": "Room #4, C# and a&#b; no#tag."})
    assert "tags" not in mine(plain, (), ())


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
    assert mine(asked, (), ())["intent"] == "question"
    assert "intent" not in mine(TURBINE, (), ())


def test_the_same_passage_has_the_same_attributes_and_no_others() -> None:
    mentions = read_names(TURBINE).mentions
    assert mine(TURBINE, mentions, ()) == mine(TURBINE, mentions, ())
    assert list(mine(TURBINE, mentions, ()).keys() - set(NAMES)) == []
    empty = PassageContext(passage_id="p", text="...")
    assert mine(empty, (), ()) == {}
