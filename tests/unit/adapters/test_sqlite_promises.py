"""What ``doctor`` finds in a memory, and what is gone from its files once it is deleted."""

from __future__ import annotations

import re
import runpy
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from graphmem.adapters.stores.sqlite.store import FILE_NAME

worker = runpy.run_path(str(Path(__file__).with_name("sqlite_worker.py")))
open_store, batch = worker["open_store"], worker["batch"]

VECTOR = np.ones(4, np.float32)


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        ("DELETE FROM evidence WHERE fact_nid = 3", "facts without evidence"),
        ("DELETE FROM roles WHERE fact_nid = 3", "facts without members"),
        ('UPDATE mentions SET "end" = 1000000', "mentions outside their passage"),
        ('UPDATE evidence SET "end" = 1000000', "evidence outside its passage"),
        ("UPDATE episodes SET retired_at = 1", "facts left living"),
        ("DELETE FROM vectors WHERE nid = 2", "passages without a vector"),
        ("UPDATE vectors SET key = 'x' WHERE nid = 2", "vectors of nothing"),
        ("DELETE FROM passages WHERE nid = 2", "dangling references"),
        ("DELETE FROM entities WHERE nid = 2", "dangling references"),
    ],
)
def test_a_broken_promise_is_found(tmp_path: Path, statement: str, check: str) -> None:
    store = open_store(tmp_path)
    for number in range(4):
        changes = batch("job", number)
        store.apply(changes, vectors={p.vector_key: VECTOR for p in changes.passages})
    assert store.check() == []
    connection = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute(statement)
    connection.close()
    problems = store.check()
    assert check in [problem.check for problem in problems]
    assert all(problem.detail and problem.remedy for problem in problems)
    store.close()


def test_offsets_are_counted_in_characters_beyond_a_nul(tmp_path: Path) -> None:
    changes = batch("job", 0)
    (first, *rest) = changes.passages
    text = "nul\0 and some more, with 👩‍👩‍👧 wide ones"
    first = first.model_copy(update={"text": text, "end": len(text)})
    evidence = changes.evidence[0].model_copy(update={"end": len(text)})
    store = open_store(tmp_path)
    store.apply(
        changes.model_copy(
            update={
                "passages": (first, *rest),
                "evidence": (evidence, *changes.evidence[1:]),
            }
        )
    )
    assert store.check() == []
    beyond = evidence.model_copy(update={"end": len(text) + 1})
    store.apply(changes.model_copy(update={"evidence": (beyond,)}))
    assert [problem.check for problem in store.check()] == ["evidence outside its passage"]
    store.close()


def batches_in_files(folder: Path) -> set[int]:
    """Numbers of the batches that any file of the folder holds text of."""
    held = b"".join(path.read_bytes() for path in folder.iterdir())
    return {int(number) for number in re.findall(rb"passage \d+ of job:(\d+) ", held)}


def test_deleted_text_is_gone_from_every_file(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    for number in range(120):
        store.apply(batch("job", number))
    assert batches_in_files(tmp_path) == set(range(120))
    for number in range(0, 120, 3):
        assert store.delete_source("default", f"job:{number}").passages == 20
    assert batches_in_files(tmp_path) == {number for number in range(120) if number % 3}
    assert len(store.sources("default")) == 80
    assert store.check() == []
    store.close()


def test_text_that_a_reader_still_sees_is_gone_with_the_next_commit_after_it(
    tmp_path: Path,
) -> None:
    store = open_store(tmp_path)
    for number in range(3):
        store.apply(batch("job", number))
    with store.read("default") as view:
        store.delete_source("default", "job:1")
        seen = [text for rows in view.scan("passages", ["text"]) for (text,) in rows]
        assert sum("of job:1 " in text for text in seen) == 20
        unfinished = view.scan("passages", ["text"], batch=1)
        next(unfinished)
    store.apply(batch("job", 3))
    assert batches_in_files(tmp_path) == {0, 2, 3}
    unfinished.close()
    store.close()
