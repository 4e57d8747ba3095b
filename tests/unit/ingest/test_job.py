"""The job: what it reports, and that it goes on where it was, however it ended."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graphmem.errors import InvalidInputError
from graphmem.memory import Memory
from graphmem.settings import Settings
from graphmem_ingest.job import ingest
from graphmem_ingest.paths import Options
from graphmem_ingest.report import Progress, Report

FAST = Settings(depth="fast", workers=0)


class KilledError(Exception):
    """Raised where a process would be killed."""


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with Memory.open(tmp_path / "mem", settings=FAST) as memory:
        yield memory


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Ten documents, six turns, a note that is too odd to read, and two bad lines."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    for n in range(4):
        (folder / f"{n}.txt").write_text(f"Ann met Bo in Leeds in 200{n}.")
    records = [{"id": str(n), "text": f"Acme sold {n} mills to Carl."} for n in range(6)]
    lines = [json.dumps(record) for record in records]
    lines[3:3] = ['{"text": ', '{"note": 1}']
    (folder / "records.jsonl").write_text("\n".join(lines))
    turns = [{"session": n // 2, "speaker": "Dee", "text": f"Hello {n}."} for n in range(6)]
    (folder / "turns.jsonl").write_text("\n".join(map(json.dumps, turns)))
    (folder / "scan.pdf").write_bytes(b"not a pdf")
    return folder


BAD = ["records.jsonl:4", "records.jsonl:5", "scan.pdf"]


def names(report: Report) -> list[str]:
    return [Path(failed.item).name for failed in report.failed]


def texts(memory: Memory) -> list[str]:
    with memory._parts.store.read(memory.namespace) as reader:
        columns = ("text", "retired_at")
        rows = [row for rows in reader.scan("passages", columns) for row in rows]
    return sorted(text for text, retired in rows if retired is None)


def test_everything_readable_is_held_and_everything_else_is_named(
    memory: Memory, corpus: Path
) -> None:
    report = ingest(memory, [str(corpus)])
    assert (report.files, report.items, report.new, report.unchanged) == (7, 13, 13, 0)
    assert names(report) == BAD
    assert report.failures == 3
    assert report.exit_code == 3
    assert report.entities > 0
    assert memory.stats().counts.episodes == 13
    assert dict(memory.sources())[f"{corpus.as_posix()}/turns.jsonl#1"] == 2


def test_a_second_time_nothing_is_new(memory: Memory, corpus: Path) -> None:
    ingest(memory, [str(corpus)])
    before = memory.stats()
    report = ingest(memory, [str(corpus)])
    assert (report.items, report.new, report.unchanged, report.replaced) == (13, 0, 13, 0)
    assert names(report) == BAD
    assert memory.stats().counts == before.counts


def test_an_edited_file_replaces_what_it_said(memory: Memory, corpus: Path) -> None:
    ingest(memory, [str(corpus)])
    (corpus / "0.txt").write_text("Ann met Zoe in York.")
    report = ingest(memory, [str(corpus)])
    assert (report.new, report.unchanged, report.replaced) == (1, 12, 1)
    held = texts(memory)
    assert "Ann met Zoe in York." in held
    assert "Ann met Bo in Leeds in 2000." not in held


def test_records_that_a_file_no_longer_has_are_believed_no_more(
    memory: Memory, tmp_path: Path
) -> None:
    path = tmp_path / "r#1.jsonl"
    records = [json.dumps({"id": str(n), "text": f"Record {n}."}) for n in range(6)]
    path.write_text("\n".join(records))
    ingest(memory, [str(path)], batch=2)
    path.write_text("\n".join([*records[:2], *records[3:5]]))
    report = ingest(memory, [str(path)], batch=2)
    assert (report.unchanged, report.new, report.removed) == (4, 0, 2)
    assert texts(memory) == [f"Record {n}." for n in (0, 1, 3, 4)]
    path.write_text("\n".join(records))
    report = ingest(memory, [str(path)], batch=2)
    assert (report.unchanged, report.new, report.removed) == (4, 2, 0)
    assert texts(memory) == [f"Record {n}." for n in range(6)]


def test_records_are_kept_while_their_file_is_not_read_whole(
    memory: Memory, tmp_path: Path
) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text('{"text": "Record 1."}\n{"text": "Record 2."}\n')
    ingest(memory, [str(path)])
    path.write_text('{"text": "Record 1."}\n{"text": \n')
    report = ingest(memory, [str(path)])
    assert texts(memory) == ["Record 1.", "Record 2."]
    assert (report.removed, report.failures) == (0, 1)
    assert "was kept" in report.notes[0].text


def test_removed_records_are_found_by_a_job_that_broke_off(memory: Memory, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    records = [json.dumps({"id": str(n), "text": f"Record {n}."}) for n in range(9)]
    path.write_text("\n".join(records))
    ingest(memory, [str(path)])
    path.write_text("\n".join(records[:7]))

    def break_off(progress: Progress) -> None:
        if progress.items == 6:
            raise KilledError

    with pytest.raises(KilledError):
        ingest(memory, [str(path)], batch=1, on_progress=break_off)
    report = ingest(memory, [str(path)], batch=1)
    assert (report.resumed_after, report.removed) == (6, 2)
    assert texts(memory) == [f"Record {n}." for n in range(7)]


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_a_job_that_breaks_off_anywhere_ends_as_an_unbroken_one(
    tmp_path: Path, corpus: Path, batch: int
) -> None:
    with Memory.open(tmp_path / "whole", settings=FAST) as whole:
        ingest(whole, [str(corpus)], batch=batch)
        expected, counts = texts(whole), whole.stats().counts

    def break_off(_: Progress) -> None:
        raise KilledError

    with Memory.open(tmp_path / "broken", settings=FAST) as memory:
        with pytest.raises(KilledError):
            ingest(memory, [str(corpus)], batch=batch, on_progress=break_off)
        assert memory.stats().counts.episodes == batch
        report = ingest(memory, [str(corpus)], batch=batch)
        assert report.resumed_after == batch
        assert report.items == report.new == 13 - batch
        assert names(report) == BAD
        assert (texts(memory), memory.stats().counts) == (expected, counts)


def test_a_job_that_breaks_off_again_and_again_gets_to_its_end(
    tmp_path: Path, corpus: Path
) -> None:
    def tick_of(count: int) -> Callable[[Progress], None]:
        ticks = iter(range(count))

        def tick(_: Progress) -> None:
            if next(ticks, None) is None:
                raise KilledError

        return tick

    with Memory.open(tmp_path / "broken", settings=FAST) as memory:
        breaks = 0
        while True:
            try:
                # Batches that are gone through again count as progress too: the third is new.
                report = ingest(memory, [str(corpus)], batch=1, on_progress=tick_of(3))
            except KilledError:
                breaks += 1
                assert breaks < 30
            else:
                break
        assert breaks > 3
        assert names(report) == BAD
        assert memory.stats().counts.episodes == 13
        assert report.resumed_after + report.items == 13


def test_stopping_commits_what_is_on_its_way_and_resumes_behind_it(
    memory: Memory, corpus: Path
) -> None:
    asked = 0

    def should_stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 4

    report = ingest(memory, [str(corpus)], batch=1, should_stop=should_stop)
    assert (report.interrupted, report.items, report.exit_code) == (True, 4, 130)
    assert memory.stats().counts.episodes == 4
    report = ingest(memory, [str(corpus)], batch=1)
    assert (report.resumed_after, report.items, report.unchanged) == (4, 9, 0)
    assert names(report) == BAD


def stop_after(count: int) -> Callable[[], bool]:
    asked = iter(range(10**6))
    return lambda: next(asked) >= count


def test_a_file_that_changed_behind_the_position_is_read_again(
    memory: Memory, corpus: Path
) -> None:
    ingest(memory, [str(corpus)], batch=1, should_stop=stop_after(6))
    (corpus / "0.txt").write_text("Ann met Zoe in York.")
    report = ingest(memory, [str(corpus)], batch=1)
    assert (report.resumed_after, report.items, report.unchanged, report.replaced) == (0, 13, 5, 1)
    assert "Ann met Zoe in York." in texts(memory)


def test_a_restart_begins_anew(memory: Memory, corpus: Path) -> None:
    ingest(memory, [str(corpus)], batch=1, should_stop=stop_after(6))
    report = ingest(memory, [str(corpus)], batch=1, restart=True)
    assert (report.resumed_after, report.items, report.unchanged) == (0, 13, 6)


def test_another_batch_size_goes_on_too(memory: Memory, corpus: Path) -> None:
    ingest(memory, [str(corpus)], batch=1, should_stop=stop_after(6))
    report = ingest(memory, [str(corpus)], batch=5)
    assert report.new == 7
    assert memory.stats().counts.episodes == 13
    assert names(report) == BAD


def test_another_command_has_its_own_position(memory: Memory, corpus: Path) -> None:
    ingest(memory, [str(corpus)], batch=1, should_stop=stop_after(6))
    report = ingest(memory, [str(corpus / "*.txt")], batch=1)
    assert (report.resumed_after, report.items, report.unchanged) == (0, 4, 4)
    assert ingest(memory, [str(corpus)], batch=1).resumed_after == 6


def test_a_finished_job_leaves_no_checkpoint(memory: Memory, corpus: Path) -> None:
    ingest(memory, [str(corpus)], batch=1)
    report = ingest(memory, [str(corpus)], batch=1)
    assert report.resumed_after == 0


def test_options_reach_the_items(memory: Memory, tmp_path: Path) -> None:
    path = tmp_path / "note"
    path.write_text("Ann met Bo.")
    options = Options(format="txt", trust=0.9, at=datetime(2020, 1, 2, tzinfo=UTC))  # type: ignore[arg-type]
    ingest(memory, [str(path)], options=options)
    with memory._parts.store.read("default") as reader:
        [[row]] = reader.scan("passages", ("trust", "occurred_at"))
    assert row == (0.9, 1_577_923_200_000_000)


def test_progress_grows_and_ends_at_the_whole(memory: Memory, corpus: Path) -> None:
    seen: list[Progress] = []
    ingest(memory, [str(corpus)], batch=2, on_progress=seen.append)
    shares = [progress.share for progress in seen]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert seen[-1].items == 13
    assert seen[0].remaining is not None
    assert Path(seen[0].source).parent == corpus


def test_nothing_but_failures_is_a_failure(memory: Memory, tmp_path: Path) -> None:
    (tmp_path / "void.txt").write_text("")
    report = ingest(memory, [str(tmp_path / "void.txt")])
    assert (report.exit_code, report.items, report.failures) == (1, 0, 1)


@pytest.mark.parametrize(("paths", "more"), [(["gone"], {}), (["."], {"batch": 0})])
def test_what_cannot_begin_is_an_error_of_use(
    memory: Memory, paths: list[str], more: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInputError):
        ingest(memory, paths, **more)
