"""A last name stands for the one person whom its document or session calls by it."""

from __future__ import annotations

import pytest

from graphmem.model.extraction import Extraction, FactDraft, MemberDraft, MentionDraft
from graphmem.model.knowledge import EntityType
from graphmem.model.source import Passage
from graphmem.resolve.short_forms import with_full_names

PERSON, PLACE, OTHER = EntityType.PERSON, EntityType.PLACE, EntityType.OTHER


def passage(text: str, ordinal: int, episode: str = "ep") -> Passage:
    return Passage(
        id=f"pa_{episode}_{ordinal}",
        episode_id=episode,
        text=text,
        start=0,
        end=len(text),
        ordinal=ordinal,
        vector_key=Passage.key_of(text),
    )


def read(of: Passage, *names: tuple[str, EntityType]) -> Extraction:
    """Mentions where the names stand, and a fact with all of them."""
    starts = [of.text.index(name) for name, _ in names]
    return Extraction(
        passage_id=of.id,
        mentions=tuple(
            MentionDraft(surface=name, name=name, type=type, start=start, end=start + len(name))
            for (name, type), start in zip(names, starts, strict=True)
        ),
        facts=(
            FactDraft(
                text=of.text,
                predicate="say",
                members=tuple(
                    MemberDraft(role=f"r{at}", text=name, name=name, type=type)
                    for at, (name, type) in enumerate(names)
                ),
                start=0,
                end=len(of.text),
            ),
        ),
    )


def meant(first: str, name: str, text: str, type: EntityType = OTHER, episode: str = "ep") -> str:
    """Whom a lone name in `text` means, after a passage that names `first`."""
    before, after = passage(f"{first} sang.", 0), passage(text, 1, episode)
    drafts = [read(before, (first, PERSON)), read(after, (name, type))]
    [_, found] = with_full_names([before, after], drafts)
    [mention], [fact] = found.mentions, found.facts
    assert mention.surface == name
    assert fact.members[0].name == mention.name
    assert fact.members[0].type is mention.type
    return mention.name


@pytest.mark.parametrize("type", list(EntityType)[:7])
def test_a_last_name_means_the_person_of_the_same_episode(type: EntityType) -> None:
    assert meant("Mara Frost", "Frost", "Later Frost danced.", type) == "Mara Frost"


def test_what_is_elsewhere_a_place_a_thing_or_another_word_stays() -> None:
    assert meant("Mara Frost", "Frost", "Frost danced.", episode="other") == "Frost"
    assert meant("Mara Aberwyn", "Aberwyn", "She lived in Aberwyn.", PLACE) == "Aberwyn"
    assert meant("César Ritz", "Ritz", "They met at the Ritz.") == "Ritz"
    assert meant("Mara Frost", "Mara", "Mara danced.") == "Mara"


def test_a_last_name_that_two_share_means_neither() -> None:
    texts = ["Mara Frost sang.", "Nell Frost sang.", "Frost danced."]
    passages = [passage(text, at) for at, text in enumerate(texts)]
    names = ["Mara Frost", "Nell Frost", "Frost"]
    drafts = [read(p, (name, PERSON)) for p, name in zip(passages, names, strict=True)]
    assert with_full_names(passages, drafts) == drafts
