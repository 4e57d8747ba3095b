from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.errors import InvalidInputError
from graphmem.model.source import Depth, Episode, EpisodeKind, Message, Passage, SourceItem
from graphmem.segment.segment import contexts_of, embedded_text, episode_text, segment

NOW = datetime(2024, 5, 1, tzinfo=UTC)
EARLIER = datetime(2023, 5, 8, 13, 56, tzinfo=UTC)


def segmented(item: SourceItem, *, max_chars: int = 2000) -> tuple[Episode, list[Passage]]:
    return segment(item, namespace="test", recorded_at=NOW, depth=Depth.FULL, max_chars=max_chars)


def chat(*turns: tuple[str, str], **fields: object) -> SourceItem:
    messages = tuple(
        Message(name=name, content=content, id=f"m{number}")
        for number, (name, content) in enumerate(turns)
    )
    return SourceItem.model_validate({"source": "chat:1", "messages": messages, **fields})


DOCUMENT = SourceItem(source="doc:1", title="Acme", text="Acme makes anvils. " * 200)


@given(
    turns=st.lists(
        st.tuples(st.sampled_from(["Ann", "Bob"]), st.text(max_size=60)), min_size=1, max_size=6
    ),
    max_chars=st.integers(5, 80),
)
def test_offsets_of_a_chat_refer_to_its_transcript(
    turns: list[tuple[str, str]], max_chars: int
) -> None:
    item = chat(("Ann", "Hello"), *turns)
    transcript = episode_text(item)
    _, passages = segmented(item, max_chars=max_chars)
    assert all(transcript[p.start : p.end] == p.text for p in passages)
    assert all(left.end <= right.start for left, right in pairwise(passages))
    said = "".join(content for _, content in [("Ann", "Hello"), *turns])
    assert "".join("".join(p.text for p in passages).split()) == "".join(
        said.encode(errors="surrogatepass").decode(errors="replace").split()
    )


def test_offsets_of_a_document_refer_to_its_text() -> None:
    _, passages = segmented(DOCUMENT, max_chars=300)
    assert DOCUMENT.text is not None
    assert len(passages) > 5
    assert all(DOCUMENT.text[p.start : p.end] == p.text for p in passages)
    assert [p.ordinal for p in passages] == list(range(len(passages)))


def test_a_turn_knows_who_said_it_and_when() -> None:
    messages = (
        Message(content="Hi!", name="Ann", at=EARLIER, id="a"),
        Message(content="Hello.", role="assistant"),
    )
    item = SourceItem(source="c", messages=messages, session="s1", occurred_at=NOW)
    episode, [first, second] = segmented(item)
    assert episode.kind is EpisodeKind.CHAT
    assert (first.speaker, first.occurred_at, first.external_id) == ("Ann", EARLIER, "a")
    assert (second.speaker, second.occurred_at, second.external_id) == ("assistant", NOW, None)
    assert first.session == second.session == "s1"


def test_the_same_item_has_the_same_ids() -> None:
    assert segmented(DOCUMENT) == segmented(DOCUMENT)
    again, _ = segmented(DOCUMENT.model_copy(update={"trust": 0.9, "attributes": {"a": 1}}))
    assert again.id == segmented(DOCUMENT)[0].id


@pytest.mark.parametrize(
    "change",
    [
        {"text": "Acme makes nails."},
        {"title": "Acme Corporation"},
        {"source": "doc:2"},
        {"session": ""},
        {"occurred_at": EARLIER},
        {"kind": EpisodeKind.EVENT},
    ],
)
def test_another_content_has_another_id(change: dict[str, object]) -> None:
    assert segmented(DOCUMENT.model_copy(update=change))[0].id != segmented(DOCUMENT)[0].id


@pytest.mark.parametrize("field", ["content", "name", "id", "at"])
def test_a_turn_that_differs_makes_another_episode(field: str) -> None:
    message = Message(content="Hi", name="Ann", id="1", at=EARLIER)
    other = message.model_copy(update={field: NOW if field == "at" else "other"})
    one, two = (SourceItem(source="c", messages=(m,)) for m in (message, other))
    assert segmented(one)[0].id != segmented(two)[0].id


def test_namespaces_share_no_ids() -> None:
    other, passages = segment(DOCUMENT, namespace="b", recorded_at=NOW, depth=Depth.FULL)
    episode, own = segmented(DOCUMENT)
    assert other.id != episode.id
    assert {p.id for p in passages}.isdisjoint(p.id for p in own)


@pytest.mark.parametrize(
    "item",
    [
        SourceItem(source="doc:7"),
        SourceItem(source="doc:7", text=" \n\t "),
        SourceItem(source="doc:7", text=""),
        SourceItem(source="doc:7", text="a", messages=(Message(content="b"),)),
        SourceItem(source="doc:7", messages=(Message(content=" "),)),
    ],
)
def test_nothing_to_segment_is_refused_by_name(item: SourceItem) -> None:
    with pytest.raises(InvalidInputError, match="doc:7"):
        segmented(item)


def test_lone_surrogates_are_replaced_everywhere() -> None:
    item = chat(("A\ud800", "x\udfff"), session="\ud800", attributes={"k\ud800": "v\ud800"})
    episode, [passage] = segmented(item)
    for text in (passage.text, passage.speaker, passage.session, *passage.attributes):
        assert text is not None
        assert "\ufffd" in text
    assert passage.attributes == {"k\ufffd": "v\ufffd"}
    assert episode_text(item)[passage.start : passage.end] == "x\ufffd"
    assert episode.model_dump_json()


def test_what_is_embedded_names_the_title_or_the_speaker() -> None:
    episode, passages = segmented(DOCUMENT, max_chars=300)
    text = embedded_text(passages[0], episode.title)
    assert text == f"Acme\n{passages[0].text}"
    assert passages[0].vector_key == Passage.key_of(text)
    _, [turn] = segmented(chat(("Ann", "Hi there."), title="Chat"))
    assert embedded_text(turn, "Chat") == "Ann: Hi there."
    assert turn.vector_key == Passage.key_of("Ann: Hi there.")


def test_in_a_chat_of_two_each_addresses_the_other() -> None:
    episode, passages = segmented(chat(("Ann", "Hi."), ("Ann", "You there?"), ("Bob", "Yes.")))
    contexts = contexts_of([episode], passages)
    assert [c.addressee for c in contexts] == ["Bob", "Bob", "Ann"]
    assert [c.previous for c in contexts] == ["", "Hi.", "You there?"]
    heard = [(turn.speaker, turn.text) for turn in contexts[2].earlier]
    assert heard == [("Ann", "Hi."), ("Ann", "You there?")]


def test_in_a_chat_of_three_the_last_other_speaker_is_addressed() -> None:
    episode, passages = segmented(chat(("Ann", "Hi."), ("Bob", "Hi."), ("Cid", "Yes.")))
    assert [c.addressee for c in contexts_of([episode], passages)] == [None, "Ann", "Bob"]


def test_contexts_of_one_episode_do_not_run_into_the_next() -> None:
    one, first = segmented(chat(("Ann", "Hi."), ("Bob", "Hi.")))
    two, second = segmented(DOCUMENT.model_copy(update={"text": "Acme."}))
    contexts = contexts_of([one, two], [*first, *second])
    assert [c.passage_id for c in contexts] == [p.id for p in (*first, *second)]
    assert (contexts[2].previous, contexts[2].addressee, contexts[2].title) == ("", None, "Acme")
