"""Threads: how what is told in one session goes on from what was told in another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from graphmem.graph.threads import DERIVED, Scene, Strand, Thread, link_of, strands
from graphmem.model.knowledge import Fact, Member, Modality, Polarity, Sense

START = datetime(2023, 1, 1, tzinfo=UTC)


def _scene(day: int, text: str, *, session: str | None = None, **more: Any) -> Scene:
    subject, predicate, *others = text.split()
    members = [("subject", subject), *(("object", other) for other in others)]
    fact = Fact(
        id=f"fa_{day}_{text}",
        text=text,
        predicate=predicate,
        members=tuple(
            Member(role=role, entity_id=f"en_{name}", text=name, ordinal=at)
            for at, (role, name) in enumerate(members)
        ),
        recorded_at=START,
        **more,
    )
    return Scene(fact, START + timedelta(days=day), frozenset((session or f"ep_{day}",)))


def _kinds(
    scenes: Sequence[Scene], one: dict[str, str] | None = None
) -> list[tuple[str, str, str]]:
    return [
        (strand.earlier.split("_", 2)[2], strand.kind.value, strand.later.split("_", 2)[2])
        for strand in strands(scenes, one=one or {})
    ]


@pytest.mark.parametrize(
    ("earlier", "later", "kind"),
    [
        (_scene(1, "Ann paint bowl"), _scene(5, "Ann sell bowl"), "transformation"),
        (
            _scene(1, "Ann like bowl"),
            _scene(5, "Ann like bowl", polarity=Polarity.NEGATIVE),
            "transformation",
        ),
        (
            _scene(1, "Ann visit Oslo", modality=Modality.INTENDED),
            _scene(5, "Ann visit Oslo"),
            "implication",
        ),
        (_scene(1, "Ann join class"), _scene(5, "Ann enjoy class"), "extension"),
    ],
    ids=["ended", "denied", "planned", "more"],
)
def test_a_later_fact_of_whom_and_what_goes_on_from_the_earlier(
    earlier: Scene, later: Scene, kind: str
) -> None:
    assert _kinds([later, earlier]) == [(earlier.fact.text, kind, later.fact.text)]


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (_scene(1, "Ann join class", session="a"), _scene(5, "Ann enjoy class", session="a")),
        (_scene(1, "Ann join class"), _scene(5, "Bob enjoy class")),
        (_scene(1, "Ann join class"), _scene(5, "Ann enjoy tea")),
        (_scene(1, "Ann have dog"), _scene(5, "Ann get dog")),
        (_scene(1, "Ann join class", session="a"), _scene(1, "Ann enjoy class", session="b")),
        (_scene(1, "Ann join class"), _scene(5, "Ann enjoy class", attribution=DERIVED)),
    ],
    ids=["one session", "another's", "of another thing", "empty verbs", "at once", "derived"],
)
def test_what_does_not_go_on_is_not_linked(earlier: Scene, later: Scene) -> None:
    assert _kinds([earlier, later]) == []


def test_a_thread_is_followed_from_fact_to_fact_not_each_with_each() -> None:
    told = [_scene(day, f"Ann {verb} class") for day, verb in enumerate("join enjoy teach".split())]
    assert _kinds(told) == [
        ("Ann join class", "extension", "Ann enjoy class"),
        ("Ann enjoy class", "extension", "Ann teach class"),
    ]


def test_names_of_one_entity_are_one_thread() -> None:
    told = [_scene(1, "Ann join class"), _scene(2, "Annie enjoy class")]
    assert _kinds(told) == []
    assert len(_kinds(told, {"en_Annie": "en_Ann"})) == 1


def test_what_everything_is_about_makes_no_thread() -> None:
    told = [_scene(day, f"Ann verb{day} class") for day in range(40)]
    assert _kinds(told) == []


def test_a_strand_is_stored_as_a_link_that_says_which_it_is() -> None:
    more = link_of(Strand(Thread.EXTENSION, "fa_1", "fa_2"))
    assert (more.source_id, more.target_id, more.sense) == ("fa_2", "fa_1", Sense.ELABORATION)
    for kind in (Thread.TRANSFORMATION, Thread.IMPLICATION):
        link = link_of(Strand(kind, "fa_1", "fa_2"))
        assert (link.source_id, link.target_id, link.sense) == ("fa_1", "fa_2", Sense.PRECEDES)
        assert (link.connective, link.passage_id) == (kind.value, None)
