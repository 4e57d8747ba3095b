"""Batches and positions: from any border on, the same batches follow."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphmem.model.change import FailedItem
from graphmem.model.source import SourceItem
from graphmem_ingest.batches import BATCH_CHARS, Batch, batches_of
from graphmem_ingest.paths import Options, expand
from graphmem_ingest.position import (
    KEPT,
    Findings,
    Fingerprints,
    Place,
    Position,
    job_id,
    resume,
)
from graphmem_ingest.readers.base import InputFile
from graphmem_ingest.readers.isolate import Sandbox

START = Place()


def write(folder: Path, contents: dict[str, str]) -> list[InputFile]:
    for old in folder.iterdir():
        old.unlink()
    for name, content in contents.items():
        (folder / name).write_text(content)
    return expand([str(folder)]).files


def content(batches: list[Batch]) -> list[tuple[list[str], list[str]]]:
    return [
        (
            [str(item.text) for item in batch.items],
            [Path(failed.item).name for failed in batch.findings.failed],
        )
        for batch in batches
    ]


LINE = st.sampled_from(["good", "bad", "blank", "chat"])


@given(
    files=st.lists(st.lists(LINE, max_size=7), min_size=1, max_size=4),
    size=st.integers(1, 5),
    data=st.data(),
)
@settings(
    deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_reading_on_from_a_border_gives_the_batches_that_follow_it(
    tmp_path: Path, sandbox: Sandbox, files: list[list[str]], size: int, data: st.DataObject
) -> None:
    lines = {
        "good": lambda n: json.dumps({"text": f"text {n}"}),
        "bad": lambda n: f"{{ {n}",
        "blank": lambda _: "",
        "chat": lambda n: json.dumps({"session": n // 2, "speaker": "A", "text": f"turn {n}"}),
    }
    contents = {
        f"{number}.jsonl": "\n".join(lines[line](n) for n, line in enumerate(file))
        for number, file in enumerate(files)
    }
    found = write(tmp_path, contents)
    whole = list(batches_of(found, sandbox, start=START, size=size))
    # The end of all is no border to go on from: the last batch is whatever was left.
    cut = data.draw(st.integers(0, len(whole) - 1))
    start = whole[cut - 1].end if cut else START
    rest = list(batches_of(found, sandbox, start=start, size=size))
    assert content(rest) == content(whole)[cut:]
    assert [batch.end for batch in rest] == [batch.end for batch in whole[cut:]]
    assert [batch.done for batch in rest] == [batch.done for batch in whole[cut:]]


def test_batches_end_at_their_size_or_their_characters(tmp_path: Path, sandbox: Sandbox) -> None:
    large = "The mill. " * (BATCH_CHARS // 20)
    contents = {"a.jsonl": "\n".join(json.dumps({"text": t}) for t in ["x"] * 5 + [large] * 3)}
    batches = list(batches_of(write(tmp_path, contents), sandbox, start=START, size=4))
    assert [len(batch.items) for batch in batches] == [4, 3, 1]


def test_a_file_that_cannot_be_read_is_found_beside_the_others(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    files = write(tmp_path, {"a.txt": "A.", "b.pdf": "no pdf", "c.txt": "", "d.txt": "D."})
    [batch] = batches_of(files, sandbox, start=START, size=10)
    assert content([batch]) == [(["A.", "D."], ["b.pdf", "c.txt"])]
    assert [failed.error for failed in batch.findings.failed] == [
        "not a readable PDF (Stream has ended unexpectedly)",
        "is empty",
    ]


def test_a_file_that_is_gone_by_the_time_it_is_read_fails_by_name(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    files = write(tmp_path, {"a.txt": "A.", "b.html": "<p>B</p>"})
    for file in files:
        file.path.unlink()
    [batch] = batches_of(files, sandbox, start=START, size=10)
    assert [failed.error for failed in batch.findings.failed] == [
        "cannot be read: No such file or directory"
    ] * 2


def test_the_job_is_the_same_for_the_same_command_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    job = job_id("default", ["a", "b"], Options())
    assert job == job_id("default", ["b", str(tmp_path / "a")], Options())
    others = {
        job_id("other", ["a", "b"], Options()),
        job_id("default", ["a"], Options()),
        job_id("default", ["a", "b"], Options(trust=0.9)),
        job_id("default", ["a", "b"], Options(), variant="fast"),
    }
    assert len(others | {job}) == 5


def position(files: list[InputFile], place: Place) -> str:
    return Position(
        committed=place,
        reported=place,
        fingerprint=Fingerprints(files).up_to(place.file + 1),
    ).model_dump_json()


def test_a_job_resumes_unless_a_file_behind_it_has_changed(tmp_path: Path) -> None:
    files = write(tmp_path, {"a.txt": "A", "b.txt": "B", "c.txt": "C"})
    held = position(files, Place(file=1, item=1, items=2))
    assert resume(held, files) is not None
    changed = [replace(file, modified=file.modified + 1) for file in files]
    assert resume(held, [files[0], files[1], changed[2]]) is not None
    assert resume(held, [files[0], changed[1], files[2]]) is None
    assert resume(held, [changed[0], *files[1:]]) is None
    assert resume(held, files[1:]) is None
    assert resume(None, files) is None
    assert resume('{"of": "another version"}', files) is None


def test_findings_keep_the_number_of_failures_beyond_the_names() -> None:
    many = tuple(FailedItem(item=str(n), error="x") for n in range(KEPT))
    findings = Findings(failed=many, failures=KEPT) + Findings(failed=many, failures=KEPT)
    assert (len(findings.failed), findings.failures) == (KEPT, 2 * KEPT)


def test_a_position_survives_being_written_down() -> None:
    written = Position(
        committed=Place(file=2, item=3, items=9),
        reported=Place(file=1, item=1, items=4),
        findings=Findings(
            failed=(FailedItem(item="x", error="y"),), failures=1, notes=(("a", "b"),)
        ),
        fingerprint="f",
    )
    assert Position.model_validate_json(written.model_dump_json()) == written


def test_items_replace_what_their_source_said_before(tmp_path: Path, sandbox: Sandbox) -> None:
    files = write(tmp_path, {"a.txt": "A.", "b.jsonl": '{"role": "user", "content": "x"}'})
    [batch] = batches_of(files, sandbox, start=START, size=10)
    assert all(isinstance(item, SourceItem) and item.replaces for item in batch.items)
