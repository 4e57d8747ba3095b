"""What is known of names decides what a new text means by them: homonyms, and names not noticed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from graphmem.model.change import ChangeSet, Neighbourhood
from graphmem.model.extraction import Extraction, FactDraft, MemberDraft, MentionDraft
from graphmem.model.knowledge import Entity, EntityType, Fact
from graphmem.model.source import Depth, Episode, EpisodeKind, Passage, SourceItem
from graphmem.resolve.book import NameBook
from graphmem.resolve.dictionary import with_known_names
from graphmem.resolve.entities import entity_id
from graphmem.resolve.homonyms import dated_persons, kept_apart
from graphmem.resolve.resolve import resolve
from graphmem.segment.segment import segment

NOW = datetime(2024, 1, 1, tzinfo=UTC)
PERSON = EntityType.PERSON


def document(source: str, text: str, kind: EpisodeKind = EpisodeKind.DOCUMENT) -> SourceItem:
    return SourceItem(source=source, text=text, kind=kind)


def life(text: str, born: int | None) -> Extraction:
    """Ann Lee is mentioned, lives in Ely, and is born in a year."""
    ann = MemberDraft(role="subject", text="Ann Lee", name="Ann Lee", type=PERSON, start=0, end=7)
    ely = MemberDraft(role="place", text="Ely", name="Ely", type=EntityType.PLACE)
    facts = [FactDraft(text=text, predicate="live", members=(ann, ely), start=0, end=7)]
    if born is not None:
        child = ann.model_copy(update={"role": "object"})
        year = (datetime(born, 1, 1, tzinfo=UTC), datetime(born + 1, 1, 1, tzinfo=UTC))
        facts.append(
            FactDraft(
                text=f"Ann Lee was born in {born}.",
                predicate="be born",
                members=(child,),
                start=0,
                end=7,
                valid_from=year[0],
                valid_to=year[1],
            )
        )
    mention = MentionDraft(surface="Ann Lee", name="Ann Lee", type=PERSON, start=0, end=7)
    return Extraction(passage_id="x", mentions=(mention,), facts=tuple(facts))


def batch(items: Sequence[tuple[SourceItem, Extraction]]) -> ChangeSet:
    episodes: list[Episode] = []
    passages: list[Passage] = []
    for item, _ in items:
        episode, own = segment(item, namespace="n", recorded_at=NOW, depth=Depth.FULL)
        episodes.append(episode)
        passages += own
    read = [
        e.model_copy(update={"passage_id": p.id}) for p, (_, e) in zip(passages, items, strict=True)
    ]
    return resolve(episodes, passages, read, namespace="n", recorded_at=NOW, known=Neighbourhood())


def names_of(changes: ChangeSet) -> list[list[str]]:
    """Per passage the names of the entities that it mentions."""
    names = {entity.id: entity.name for entity in changes.entities}
    return [
        [names[m.entity_id] for m in changes.mentions if m.passage_id == passage.id]
        for passage in changes.passages
    ]


def test_a_document_with_another_birth_is_of_another_person() -> None:
    items = [
        (document("a", "Ann Lee one."), life("Ann Lee lives in Ely.", 1900)),
        (document("b", "Ann Lee two."), life("Ann Lee lived in Ely.", 1950)),
        (document("c", "Ann Lee three."), life("Ann Lee lives in Ely.", None)),
    ]
    apart = kept_apart(batch(items), {})
    assert names_of(apart) == [["Ann Lee"], ["Ann Lee (born 1950)"], ["Ann Lee"]]
    other = entity_id("Ann Lee (born 1950)", namespace="n")
    born = [f for f in apart.facts if any(m.entity_id == other for m in f.members)]
    assert "Ann Lee was born in 1950." in [fact.text for fact in born]
    told = {evidence.fact_id for evidence in apart.evidence}
    assert {fact.id for fact in apart.facts} == told, "every fact keeps its evidence"


def test_who_is_known_keeps_the_name_and_the_next_document_finds_the_other() -> None:
    first = batch([(document("a", "Ann Lee one."), life("Ann Lee lives in Ely.", 1900))])
    [id] = dated_persons(first)
    held: dict[str, list[Fact]] = {id: [f for f in first.facts if f.predicate == "be born"]}
    for source in ("b", "c"):
        text = f"Ann Lee {source}."
        found = kept_apart(batch([(document(source, text), life("Ann Lee ran.", 1950))]), held)
        assert names_of(found) == [["Ann Lee (born 1950)"]]


@pytest.mark.parametrize(
    ("kind", "year"),
    [(EpisodeKind.DOCUMENT, 1901), (EpisodeKind.DOCUMENT, 1900), (EpisodeKind.EVENT, 1950)],
)
def test_a_slip_or_a_remark_makes_nobody_another_person(kind: EpisodeKind, year: int) -> None:
    changes = batch(
        [
            (document("a", "Ann Lee one."), life("Ann Lee lives in Ely.", 1900)),
            (document("b", "Ann Lee two.", kind), life("Ann Lee lived in Ely.", year)),
        ]
    )
    assert kept_apart(changes, {}) == changes


def calling(text: str) -> Extraction:
    """Ann Lee is what the text says that she is."""
    ann = MemberDraft(role="subject", text="Ann Lee", name="Ann Lee", type=PERSON, start=0, end=7)
    what = text.partition(" is ")[2].removeprefix("a ").removeprefix("an ").rstrip(".")
    attribute = MemberDraft(role="attribute", text=what, name=what, type=EntityType.CONCEPT)
    fact = FactDraft(text=text, predicate="be", members=(ann, attribute), start=0, end=7)
    mention = MentionDraft(surface="Ann Lee", name="Ann Lee", type=PERSON, start=0, end=7)
    return Extraction(passage_id="x", mentions=(mention,), facts=(fact,))


@pytest.mark.parametrize(
    ("second", "name"),
    [
        ("Ann Lee is an American senator.", "Ann Lee (politician)"),
        ("Ann Lee is a Japanese footballer.", "Ann Lee (athlete)"),
        ("Ann Lee is an English politician.", "Ann Lee"),
        ("Ann Lee is a senator.", "Ann Lee"),
        ("Ann Lee is an American artist.", "Ann Lee"),
    ],
)
def test_another_calling_and_people_is_another_person(second: str, name: str) -> None:
    first = "Ann Lee is an English painter."
    items = [
        (document("a", first), calling(first)),
        (document("b", second), calling(second)),
        (document("c", "Ann Lee three."), life("Ann Lee lives in Ely.", None)),
    ]
    assert names_of(kept_apart(batch(items), {})) == [["Ann Lee"], [name], ["Ann Lee"]]
    held = {id: batch(items[:1]).facts for id in [entity_id("Ann Lee", namespace="n")]}
    assert names_of(kept_apart(batch(items[1:2]), held)) == [[name]]


def book_of(*names: tuple[str, EntityType]) -> NameBook:
    book = NameBook()
    for name, type in names:
        book.put(Entity(id=entity_id(name, namespace="n"), name=name, type=type))
    return book


KNOWN = (
    ("Ann Lee", PERSON), ("Ely", EntityType.PLACE), ("Norwich", EntityType.PLACE),
    ("Norwich Union", EntityType.ORGANISATION), ("The River of Ely", EntityType.WORK),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("we saw Ann Lee and Norwich", ["Ann Lee", "Norwich"]),
        ("the Norwich Union paid", ["Norwich Union"]),
        ("she read The River of Ely twice", ["The River of Ely"]),
        ("ann lee, norwich union", []),
        ("Norwich is far", []),
        ("near Ely", []),
        ("He met Ann. Lee Norwichs left", []),
    ],
)
def test_known_names_are_mentions_where_reading_missed_them(text: str, expected: list[str]) -> None:
    empty = Extraction(passage_id="x")
    changes = with_known_names(book_of(*KNOWN), batch([(document("a", text), empty)]))
    assert names_of(changes) == [expected]
    for mention in changes.mentions:
        assert mention.start is not None
        assert text[mention.start : mention.end] == mention.surface


def test_what_was_noticed_is_not_mentioned_again() -> None:
    changes = batch([(document("a", "Ann Lee one."), life("Ann Lee lives in Ely.", None))])
    assert with_known_names(book_of(*KNOWN), changes) == changes
