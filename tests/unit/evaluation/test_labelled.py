"""Scoring against labels, with extractions written by hand; and the labels that ship."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graphmem.errors import InvalidInputError, ReaderError
from graphmem.evaluation.labelled import Outcome, Split, as_json, evaluate, split_of, tally
from graphmem.model.extraction import (
    Extraction,
    FactDraft,
    LinkDraft,
    PassageContext,
    ReferenceDraft,
    TimeDraft,
)
from graphmem.model.knowledge import Sense
from graphmem.model.time import Precision

SHIPPED = Path(__file__).parents[3] / "benchmarks" / "labelled"
TIME = {"start": 3, "end": 7, "text": "2019", "precision": "year"}
YEAR = {**TIME, "from": "2019-01-01", "to": "2020-01-01"}
SHE = {"start": 0, "end": 3, "text": "She", "referents": [["Ann", "the nurse"]]}
LINK = {"start": 10, "end": 17, "connective": "because", "senses": ["cause"]}
BECAUSE = {**LINK, "source": ["sold"], "target": ["left", "went"]}

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def run(**sets: list[dict[str, Any]]) -> Path:
        for name in ("time", "coreference", "discourse"):
            lines = (json.dumps({"source": "own", **row}) for row in sets.get(name, []))
            (tmp_path / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
        return tmp_path

    return run


def found(folder: Path, name: str, **read: Any) -> list[Outcome]:
    """What becomes of one set when every text is read as given."""

    def extract(passages: Sequence[PassageContext]) -> list[Extraction]:
        return [Extraction(passage_id=passage.passage_id, **read) for passage in passages]

    halves = evaluate(folder, extract)[name]
    return [*halves[Split.DEV], *halves[Split.TEST]]


def time(
    start: int,
    valid_from: int,
    valid_to: int | None,
    precision: Precision = Precision.YEAR,
) -> TimeDraft:
    return TimeDraft(
        start=start,
        end=start + 4,
        name="",
        valid_from=datetime(valid_from, 1, 1, tzinfo=UTC),
        valid_to=None if valid_to is None else datetime(valid_to, 1, 1, tzinfo=UTC),
        precision=precision,
    )


@pytest.mark.parametrize(
    ("times", "there", "is_found", "right"),
    [
        ((time(3, 2019, 2020),), 1, 1, 1),
        ((time(0, 2019, 2020),), 1, 1, 1),
        ((time(3, 2019, None),), 1, 1, 0),
        ((time(3, 2019, 2020, Precision.DECADE),), 1, 1, 0),
        ((time(20, 2019, 2020),), 1, 1, 0),
        ((time(3, 2019, 2020), time(20, 2019, 2020)), 1, 2, 1),
        ((), 1, 0, 0),
    ],
)
def test_a_time_is_right_in_place_ends_and_precision(
    write: Write, times: tuple[TimeDraft, ...], there: int, is_found: int, right: int
) -> None:
    folder = write(time=[{"text": "In 2019 it rained.", "times": [YEAR]}])
    assert tally(found(folder, "time", times=times)) == (there, is_found, right)


def test_a_text_without_times_is_right_when_none_is_found(write: Write) -> None:
    folder = write(time=[{"text": "It rained on the barn.", "times": []}])
    [nothing] = found(folder, "time")
    assert nothing == Outcome("none", False, False, False)
    assert tally(found(folder, "time", times=(time(3, 2019, 2020),))) == (0, 1, 0)


@pytest.mark.parametrize(
    ("names", "there", "is_found", "right"),
    [
        (["ann"], 1, 1, 1),
        (["nurse"], 1, 1, 1),
        (["Bob"], 1, 1, 0),
        (["Ann", "Bob"], 1, 1, 0),
        ([], 1, 0, 0),
    ],
)
def test_a_reference_is_right_when_it_names_what_is_meant_and_nothing_else(
    write: Write, names: list[str], there: int, is_found: int, right: int
) -> None:
    folder = write(coreference=[{"text": "She left.", "references": [SHE]}])
    drafts = tuple(ReferenceDraft(start=0, end=3, name=name) for name in names)
    assert tally(found(folder, "coreference", references=drafts)) == (there, is_found, right)


def test_a_word_that_refers_to_nothing_is_wrong_to_resolve(write: Write) -> None:
    folder = write(coreference=[{"text": "She left.", "references": [{**SHE, "referents": []}]}])
    draft = ReferenceDraft(start=0, end=3, name="Ann")
    assert tally(found(folder, "coreference", references=(draft,))) == (0, 1, 0)
    assert tally(found(folder, "coreference")) == (0, 0, 0)


def test_a_word_for_several_is_right_with_all_of_them(write: Write) -> None:
    label = {**SHE, "referents": [["Ann"], ["Bob"]]}
    folder = write(coreference=[{"text": "They left.", "references": [label]}])
    both = tuple(ReferenceDraft(start=0, end=4, name=name) for name in ("Bob", "Ann"))
    assert tally(found(folder, "coreference", references=both)).right == 1
    assert tally(found(folder, "coreference", references=both[:1])).right == 0


FACTS = (
    FactDraft(text="Ann left Acme.", predicate="leave", members=(), start=0, end=9),
    FactDraft(text="Bob sold Acme.", predicate="sell", members=(), start=18, end=29),
)


@pytest.mark.parametrize(
    ("source", "target", "sense", "start", "is_found", "right"),
    [
        (1, 0, Sense.CAUSE, 10, 1, 1),
        (0, 1, Sense.CAUSE, 10, 1, 0),
        (1, 0, Sense.CONTRAST, 10, 1, 0),
        (1, 0, Sense.CAUSE, 20, 0, 0),
    ],
)
def test_a_link_is_right_in_sense_direction_and_connective(
    write: Write, source: int, target: int, sense: Sense, start: int, is_found: int, right: int
) -> None:
    text = "Ann left, because Bob sold it."
    folder = write(discourse=[{"text": text, "links": [BECAUSE]}])
    link = LinkDraft(source=source, target=target, sense=sense, start=start, end=start + 7)
    outcomes = found(folder, "discourse", facts=FACTS, links=(link,))
    assert tally(outcomes) == (1, is_found, right)


def test_a_contrast_goes_both_ways(write: Write) -> None:
    label = {**BECAUSE, "senses": ["contrast"], "start": None, "end": None, "connective": ""}
    folder = write(discourse=[{"text": "Ann left. Bob sold it.", "links": [label]}])
    link = LinkDraft(source=0, target=1, sense=Sense.CONTRAST)
    assert tally(found(folder, "discourse", facts=FACTS, links=(link,))).right == 1


def test_a_connective_that_links_nothing_is_wrong_to_read(write: Write) -> None:
    label = {**LINK, "senses": [], "source": [], "target": []}
    folder = write(discourse=[{"text": "Ann left, because of it.", "links": [label]}])
    link = LinkDraft(source=1, target=0, sense=Sense.CAUSE, start=10, end=17)
    assert tally(found(folder, "discourse", facts=FACTS, links=(link,))) == (0, 1, 0)


def test_ratios_come_from_the_counts(write: Write) -> None:
    texts = [f"In 2019 it rained {n} times." for n in range(64)]
    folder = write(time=[{"text": text, "times": [YEAR]} for text in texts])
    read = (time(3, 2019, 2020), time(20, 2019, 2020), time(25, 2019, 2020))

    def extract(passages: Sequence[PassageContext]) -> list[Extraction]:
        return [Extraction(passage_id=p.passage_id, times=read) for p in passages]

    halves = as_json(evaluate(folder, extract))["time"]
    assert halves["dev"]["there"] + halves["test"]["there"] == 64
    for half, figures in halves.items():
        there = sum(split_of(text) == half for text in texts)
        assert 16 < there < 48
        assert (figures["there"], figures["found"], figures["right"]) == (there, 3 * there, there)
        assert (figures["precision"], figures["recall"], figures["f1"]) == (0.3333, 1.0, 0.5)
        assert figures["by_kind"]["year"] == {"n": there, "right": there}


def test_a_folder_without_a_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"time\.jsonl"):
        evaluate(tmp_path, lambda _: [])


def test_a_malformed_label_is_named(write: Write) -> None:
    folder = write(time=[{"text": "In 2019.", "times": [{**YEAR, "precision": "eon"}]}])
    with pytest.raises(ReaderError, match=r"time\.jsonl, line 1: times\.0\.precision"):
        evaluate(folder, lambda _: [])


@pytest.mark.parametrize(
    ("name", "spans"), [("time", "times"), ("coreference", "references"), ("discourse", "links")]
)
def test_the_labels_that_ship_stand_where_they_say(name: str, spans: str) -> None:
    lines = (SHIPPED / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    labels = [(row["text"], label) for row in rows for label in row[spans]]
    assert len(labels) >= 150
    halves = [sum(split_of(text) == half for text, _ in labels) for half in Split]
    assert min(halves) > 0.4 * len(labels)
    for text, label in labels:
        if label["start"] is not None:
            said = label["connective"] if name == "discourse" else label["text"]
            assert text[label["start"] : label["end"]] == said
