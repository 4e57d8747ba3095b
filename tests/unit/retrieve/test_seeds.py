"""What a hit is explained by is what ranked it: shares, seeds and ways, in every mode."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_world import Doc

from graphmem.graph.snapshot import Category
from graphmem.index.passage_index import PassageIndex
from graphmem.model.retrieval import Mode, Query, SeedView
from graphmem.model.time import to_micros
from graphmem.retrieve.asking import Asking
from graphmem.retrieve.explain import Way, leads_to, to_path
from graphmem.retrieve.heard import Heard
from graphmem.retrieve.pool import Ranking
from graphmem.retrieve.reach import NOWHERE
from graphmem.retrieve.search import rank
from graphmem.retrieve.seeds import seeds_of

MakeIndex = Callable[..., PassageIndex]
MAY = to_micros(datetime(2023, 5, 8, tzinfo=UTC))


def said(speaker: str, text: str, *names: str, session: str = "one") -> Doc:
    return Doc("", text, names, speaker=speaker, session=session, occurred_at=MAY)


TALK = (
    said("Ann", "We adopted a kitten last week!"),
    said("Bob", "What is her name?"),
    said("Ann", "Luna, and she sleeps all day.", "Luna"),
    said("Bob", "My train leaves at nine from Tallow Bay.", "Tallow Bay", session="two"),
)
FILMS = (
    Doc("The Glass Harbour", "It was directed by Mara Lindqvist.", ("Mara Lindqvist",)),
    Doc("Mara Lindqvist", "Her mother was Ingrid Sorel, a painter.", ("Ingrid Sorel",)),
    Doc("Ingrid Sorel", "Ingrid Sorel was born in Tallow Bay.", ("Tallow Bay",)),
)
WORLDS = {"talk": TALK, "films": FILMS, "both": (*FILMS, *TALK)}
WORDS = "Who where when mother director The Glass Harbour Mara Lindqvist Luna Ann kitten May born"


def explained(
    index: PassageIndex, asking: Asking, query: Query
) -> tuple[Ranking, list[Sequence[Way | Heard]], list[tuple[SeedView, ...]]]:
    ranking = rank(index, query, asking)
    ways = [leads_to(index, ranking, at) for at in range(len(ranking.rows))]
    return ranking, ways, [seeds_of(index, query, ranking, at, w) for at, w in enumerate(ways)]


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("world", WORLDS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(st.sampled_from(WORDS.split()), min_size=1, max_size=9), k=st.integers(1, 7))
def test_shares_and_seeds_sum_to_the_score_and_ways_are_made_of_what_was_reached(
    make_index: MakeIndex, asking: Asking, world: str, mode: Mode, words: list[str], k: int
) -> None:
    index = make_index(*WORLDS[world])
    query = Query(text=" ".join(words), k=k, mode=mode)
    ranking, ways, seeds = explained(index, asking, query)
    for at, (row, score) in enumerate(zip(ranking.rows.tolist(), ranking.scores, strict=True)):
        assert sum(part[at] for part in ranking.shares.values()) == pytest.approx(score)
        assert sum(seed.share for seed in seeds[at]) == pytest.approx(score)
        given = {name: share for seed in seeds[at] for name, share in seed.signals.items()}
        assert given == {name: part[at] for name, part in ranking.shares.items() if part[at]}
        for way in ways[at]:
            check_way(index, ranking, row, way)


def check_way(index: PassageIndex, ranking: Ranking, row: int, way: Way | Heard) -> None:
    """By the text of the passages: every name of a way stands where the way says it does."""
    path = to_path(index, way, {})
    through = [step.passage_id for step in path.steps if step.passage_id is not None]
    texts, titles = index.passages.texts, index.passages.titles

    def has(passage: int, name: int) -> bool:
        title = titles.values[int(titles.codes[passage])]
        return index.names.labels[name] in f"{title} {texts[passage]}"

    assert ranking.question is not None
    if isinstance(way, Heard):
        assert has(way.spoken, way.name)
        sessions = index.passages.sessions.codes
        assert sessions[way.spoken] == sessions[row]
        assert abs(way.distance) <= 3
        assert through[0] == index.passages.ids[way.spoken]
        return
    assert through == [index.passages.ids[passage] for passage in way.passages]
    assert row not in way.passages
    reached = {seed.passage for seed in ranking.question.seeds}
    reached |= {int(p) for reach in ranking.reaches.values() for p in reach.origin if p >= 0}
    for passage, name in zip(way.passages, way.names[1:], strict=True):
        assert passage in reached
        assert has(passage, name)
    assert len(way.names) == len(way.passages) + 1
    assert way.score > 0


def test_a_passage_that_leads_on_by_what_it_is_called_is_one_step(make_index: MakeIndex) -> None:
    index = make_index(*FILMS)
    labels = list(index.names.labels)
    own = Way((NOWHERE, labels.index("Mara Lindqvist")), (1,), 1.0)
    assert [step.name for step in to_path(index, own, {}).steps] == ["Mara Lindqvist"]
    onward = Way((NOWHERE, labels.index("Ingrid Sorel")), (1,), 1.0)
    assert [step.name for step in to_path(index, onward, {}).steps] == [
        "Mara Lindqvist",
        "Ingrid Sorel",
    ]


@pytest.mark.parametrize(
    ("source", "called"),
    [
        ("/home/ann/notes/boats.txt", "boats.txt"),
        ("file:///home/ann/notes/boats.txt", "boats.txt"),
        ("boats.txt", "boats.txt"),
        ("note:1", "note:1"),
        ("https://example.org/boats/", "https://example.org/boats/"),
    ],
)
def test_an_untitled_passage_is_called_as_its_file(
    make_index: MakeIndex, source: str, called: str
) -> None:
    index = make_index(Doc("", "it says that a boat came to Tallow Bay.", ("Tallow Bay",)))
    index.passages = replace(index.passages, sources=Category.of([source]))
    way = Way((NOWHERE, 0), (0,), 1.0)
    assert [step.name for step in to_path(index, way, {}).steps] == [called, "Tallow Bay"]


def test_a_turn_has_who_is_asked_about_the_name_near_it_and_the_date(
    make_index: MakeIndex, asking: Asking
) -> None:
    query = Query(text="What did Ann adopt before she told of Luna on 8 May 2023?", k=3)
    index = make_index(*TALK)
    ranking, ways, seeds = explained(index, asking, query)
    at = ranking.rows.tolist().index(0)
    told = {seed.kind: seed.text for seed in seeds[at]}
    assert told["speaker"] == "Ann"
    assert told["date"] == "2023-05-08"
    assert told["names"] == "Luna"
    assert told["words"].startswith("ann, adopt")
    assert "around it luna" in told["words"]
    [way] = ways[at]
    path = to_path(index, way, {})
    assert [step.name for step in path.steps] == [
        "Luna",
        "Ann: Luna, and she sleeps all day.",
        "Ann: We adopted a kitten last week!",
    ]
    assert path.steps[2].relation == "2 turns before it"
    # The turn that has it itself needs no more steps.
    [own] = ways[ranking.rows.tolist().index(2)]
    assert len(to_path(index, own, {}).steps) == 2


def test_a_turn_of_another_session_has_no_way_from_a_name_that_is_not_in_it(
    make_index: MakeIndex, asking: Asking
) -> None:
    index = make_index(*TALK)
    ranking, ways, _ = explained(index, asking, Query(text="Who is Luna?", k=4))
    assert ways[ranking.rows.tolist().index(3)] == []


def test_without_names_the_walk_is_the_meanings(make_index: MakeIndex, asking: Asking) -> None:
    _, _, seeds = explained(make_index(*FILMS), asking, Query(text="a painter's mother", k=1))
    assert "walk" in next(seed for seed in seeds[0] if seed.kind == "meaning").signals
    assert "names" not in {seed.kind for seed in seeds[0]}


@pytest.mark.parametrize("kind", ["passages", "turns"])
def test_every_signal_belongs_to_a_seed(kind: str) -> None:
    from graphmem.retrieve.fuse import weights_of
    from graphmem.retrieve.seeds import kind_of

    form = {"statement", "reply", "telling", "sought"}
    weights = weights_of(kind, [], learned=True)
    assert weights
    unnamed = {name for name in weights if kind_of(name) == "answer"} - form
    assert {name for name in unnamed if not name.startswith("kind_")} == set()


def test_bm25_tells_the_words(make_index: MakeIndex, asking: Asking) -> None:
    query = Query(text="Which painter was born there?", k=1, mode=Mode.BM25)
    ranking, _, [[seed]] = explained(make_index(*FILMS), asking, query)
    assert (seed.kind, seed.signals) == ("words", {"bm25": ranking.scores[0]})
    held = index_words(make_index(*FILMS), int(ranking.rows[0]))
    assert set(seed.text.split(", ")) == {"painter", "born"} & held


def index_words(index: PassageIndex, row: int) -> set[str]:
    return {word.strip(".,") for word in np.char.lower(index.passages.texts[row].split()).tolist()}
