from __future__ import annotations

from collections.abc import Callable

from graphmem.extract.read import read_names
from graphmem.model.extraction import Extraction, MentionDraft, PassageContext
from graphmem.model.knowledge import EntityType
from graphmem.model.source import EpisodeKind

Reading = Callable[..., Extraction]
TEXT = "Panda is a song by Astro. Panda sold well in Chile."


def mention_of(extraction: Extraction, surface: str) -> list[MentionDraft]:
    return [m for m in extraction.mentions if m.surface == surface]


def test_the_first_passage_is_about_its_title_under_all_aliases() -> None:
    extraction = read_names(PassageContext(passage_id="p", text=TEXT, title="Panda (song)"))
    [whole] = mention_of(extraction, "Panda (song)")
    assert (whole.about, whole.start, whole.end) == (1.0, None, None)
    first, second = mention_of(extraction, "Panda")
    assert (first.name, first.about, first.start, first.end) == ("Panda (song)", 1.0, 0, 5)
    assert (second.name, second.about) == ("Panda (song)", 0.0)
    assert [m.about for m in mention_of(extraction, "Chile")] == [0.0]


def test_a_later_passage_is_about_its_title_only() -> None:
    context = PassageContext(passage_id="p", text=TEXT, title="Panda (song)", ordinal=3)
    about = {m.surface: m.about for m in read_names(context).mentions if m.about}
    assert about == {"Panda (song)": 0.5}


def test_an_untitled_document_is_about_its_first_subject() -> None:
    context = PassageContext(passage_id="p", text="Ann Lee is a nurse. She sings.")
    [mention] = read_names(context).mentions
    assert (mention.name, mention.about, mention.start) == ("Ann Lee", 0.9, 0)


def test_a_turn_mentions_its_speaker_and_is_about_nobody() -> None:
    context = PassageContext(
        passage_id="p", text="Bob is great!", kind=EpisodeKind.CHAT, speaker="Ann", title="Chat"
    )
    mentions = read_names(context).mentions
    assert [(m.name, m.start, m.about) for m in mentions] == [("Bob", 0, 0.0), ("Ann", None, 0.0)]
    assert mentions[1].type is EntityType.PERSON


def test_names_alone_bring_no_facts() -> None:
    extraction = read_names(PassageContext(passage_id="p", text=TEXT))
    assert (extraction.facts, extraction.links) == ((), ())


def test_what_is_said_twice_in_a_passage_is_one_fact(reading: Reading) -> None:
    sentence = """Ann ann PROPN NNP nsubj {0}
left leave VERB VBD ROOT {0}
Acme acme PROPN NNP dobj {0}
. . PUNCT . punct {0}
"""
    table = sentence.format(1) + "\n" + sentence.format(5)
    entities = [(0, 1, "PERSON"), (2, 3, "ORG"), (4, 5, "PERSON"), (6, 7, "ORG")]
    assert len(reading(table, entities).facts) == 1
