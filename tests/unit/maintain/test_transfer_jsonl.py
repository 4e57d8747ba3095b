"""A JSONL export holds everything, and comes back whole or not at all."""

from __future__ import annotations

import base64
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphmem.errors import (
    EmbedderMismatchError,
    InvalidInputError,
    NotFoundError,
    StoreError,
    StoreFormatError,
)
from graphmem.maintain.dump import TABLES, file_of, sealed
from graphmem.maintain.transfer import export_memory, import_memory, read_manifest, silent
from graphmem.model.change import ChangeSet, Counts
from graphmem.model.knowledge import Entity
from graphmem.model.transfer import ExportedFile
from graphmem.ports.store import GraphStore

Opener = Callable[..., GraphStore]
Told = Callable[..., dict[str, Any]]


def load(store: GraphStore, folder: Path, namespace: str = "default") -> Any:
    return import_memory(store, folder, namespace=namespace, progress=silent)


def test_a_round_trip_changes_nothing(
    store: GraphStore, opener: Opener, told: Told, tmp_path: Path
) -> None:
    written = export_memory(store, "default", tmp_path / "out")
    target = opener("target")
    target.apply(ChangeSet(namespace="third", entities=(Entity(id="en_y", name="y"),)))
    read = load(target, tmp_path / "out")
    assert told(target) == told(store)
    assert target.facts(["fa_1", "fa_2"]) == store.facts(["fa_1", "fa_2"])
    assert target.passages(["pa_1"]) == store.passages(["pa_1"])
    assert read.added == read.read == written.written == store.counts("default")
    assert (read.vectors, written.vectors) == (3, 3)
    assert (target.info().embedder, target.info().dimension) == ("test-embedder", 3)
    assert [problem for problem in target.check() if problem not in store.check()] == []
    again = export_memory(target, "default", tmp_path / "again")
    assert again.digest == written.digest == read.digest
    for table in TABLES:
        assert (tmp_path / "again" / file_of(table)).read_bytes() == (
            tmp_path / "out" / file_of(table)
        ).read_bytes()


def test_the_files_read_as_the_model_says(store: GraphStore, tmp_path: Path) -> None:
    export_memory(store, "default", tmp_path / "out")

    def lines(table: str) -> list[dict[str, Any]]:
        data = (tmp_path / "out" / file_of(table)).read_bytes()
        return [json.loads(line) for line in data.split(b"\n")[:-1]]

    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert (manifest["format"], manifest["version"]) == ("graphmem-export", 1)
    for name, file in manifest["files"].items():
        data = (tmp_path / "out" / name).read_bytes()
        assert file == {
            "sha256": sha256(data).hexdigest(),
            "rows": data.count(b"\n"),
            "bytes": len(data),
        }
    assert lines("episodes")[0]["recorded_at"] == "2024-05-01T12:30:15.123456+00:00"
    assert [line["id"] for line in lines("facts")] == ["fa_1", "fa_2"]
    roles = lines("roles")
    assert [(r["fact_id"], r["entity_id"]) for r in roles[:3]] == [
        ("fa_1", "en_1"),
        ("fa_1", "en_2"),
        ("fa_1", "en_1"),
    ]
    assert lines("passages")[0]["attributes"]["c"] is True
    vector = lines("vectors")[0]
    assert vector["passage_id"] == "pa_1"
    np.testing.assert_array_equal(
        np.frombuffer(base64.b64decode(vector["vector"]), "<f4"),
        np.array([1.0, -0.0, 1e-45], np.float32),
    )


def test_an_empty_memory_is_exported_and_imported(opener: Opener, tmp_path: Path) -> None:
    report = export_memory(opener(), "default", tmp_path / "out")
    assert report.written == Counts()
    assert load(opener("target"), tmp_path / "out").added == Counts()
    assert opener("target").info().embedder is None


def test_an_export_is_of_one_moment(
    store: GraphStore, opener: Opener, told: Told, tmp_path: Path
) -> None:
    before = told(store)

    def write_meanwhile(stage: str, done: int, total: int) -> None:
        late = Entity(id=f"en_late_{stage}", name=stage)
        store.apply(ChangeSet(namespace="default", entities=(late,)))

    export_memory(store, "default", tmp_path / "out", progress=write_meanwhile)
    assert len(told(store)["entities"]) > len(before["entities"])
    load(target := opener("target"), tmp_path / "out")
    assert told(target) == before


def test_importing_again_adds_nothing(
    store: GraphStore, opener: Opener, told: Told, tmp_path: Path
) -> None:
    export_memory(store, "default", tmp_path / "out")
    target = opener("target")
    load(target, tmp_path / "out")
    version = target.version("default")
    assert load(target, tmp_path / "out").added == Counts()
    assert target.version("default") == version
    assert told(target) == told(store)


def test_batches_are_bounded_and_their_size_changes_nothing(
    store: GraphStore,
    opener: Opener,
    told: Told,
    tmp_path: Path,
) -> None:
    export_memory(store, "default", tmp_path / "out")
    seen: list[str] = []
    target = opener("target")
    import_memory(
        target,
        tmp_path / "out",
        namespace="default",
        progress=lambda stage, *_: seen.append(stage),
        rows=1,
    )
    assert seen.count("passages") == 4
    assert seen.count("facts") == 2
    assert told(target) == told(store)


@pytest.mark.parametrize("table", TABLES)
def test_a_damaged_file_is_named_and_nothing_is_imported(
    store: GraphStore, opener: Opener, tmp_path: Path, table: str
) -> None:
    export_memory(store, "default", tmp_path / "out")
    path = tmp_path / "out" / file_of(table)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    target = opener("target")
    with pytest.raises(StoreFormatError, match=rf"{path.name} does not have the digest"):
        load(target, tmp_path / "out")
    path.write_bytes(data[:-1])
    with pytest.raises(StoreFormatError, match=rf"{path.name} has \d+ bytes instead of"):
        load(target, tmp_path / "out")
    path.unlink()
    with pytest.raises(StoreFormatError, match=rf"{path.name} is missing"):
        load(target, tmp_path / "out")
    assert target.namespaces() == []
    assert target.info().embedder is None


def test_a_damaged_manifest_is_refused(store: GraphStore, tmp_path: Path) -> None:
    export_memory(store, "default", tmp_path / "out")
    path = tmp_path / "out" / "manifest.json"
    whole = json.loads(path.read_text())
    (told,) = [whole["files"]["facts.jsonl"]]
    for damaged in (
        {**whole, "namespace": "defau1t"},
        {**whole, "embedder": None},
        {**whole, "version": 0},
        {**whole, "digest": ""},
        {key: value for key, value in whole.items() if key != "files"},
        {**whole, "files": {**whole["files"], "../../etc/passwd": told}},
    ):
        path.write_text(json.dumps(damaged))
        with pytest.raises(StoreFormatError, match=r"manifest\.json"):
            read_manifest(tmp_path / "out")
    for text in ("", "[]", "{}", "\x00", '{"format": "zip"}'):
        path.write_text(text)
        with pytest.raises(StoreFormatError, match=r"manifest\.json"):
            read_manifest(tmp_path / "out")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(StoreFormatError, match="not JSON"):
        read_manifest(tmp_path / "out")


def test_a_sealed_manifest_that_names_other_files_is_refused(tmp_path: Path) -> None:
    entry = ExportedFile(sha256="0" * 64, rows=0, bytes=0)
    manifest = sealed(
        format="graphmem-export",
        version=1,
        namespace="default",
        embedder=None,
        dimension=None,
        files={"../outside.jsonl": entry},
    )
    (tmp_path / "manifest.json").write_text(manifest.model_dump_json())
    with pytest.raises(StoreFormatError, match="does not name the files"):
        read_manifest(tmp_path)


def test_a_newer_format_is_refused_with_a_remedy(store: GraphStore, tmp_path: Path) -> None:
    export_memory(store, "default", tmp_path / "out")
    path = tmp_path / "out" / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": 2, "more": True}))
    with pytest.raises(StoreFormatError, match="newer graphmem") as caught:
        read_manifest(tmp_path / "out")
    assert "Upgrade" in caught.value.remedy


def test_what_is_no_export_is_refused(store: GraphStore, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        read_manifest(tmp_path / "nowhere")
    with pytest.raises(StoreFormatError, match="not an export"):
        read_manifest(tmp_path)
    export_memory(store, "default", tmp_path / "graph.hif", format="hif")
    with pytest.raises(StoreFormatError, match="not an export"):
        read_manifest(tmp_path / "graph.hif")


def test_another_namespace_is_refused_with_a_remedy(
    store: GraphStore, opener: Opener, tmp_path: Path
) -> None:
    export_memory(store, "default", tmp_path / "out")
    target = opener("target")
    with pytest.raises(InvalidInputError, match="'default', not 'mine'") as caught:
        load(target, tmp_path / "out", "mine")
    assert "--namespace" in caught.value.remedy
    assert target.namespaces() == []


def test_another_embedder_is_refused_before_anything_is_added(
    store: GraphStore, opener: Opener, tmp_path: Path
) -> None:
    export_memory(store, "default", tmp_path / "out")
    target = opener("target")
    target.set_embedder("another", 3)
    with pytest.raises(EmbedderMismatchError, match="test-embedder"):
        load(target, tmp_path / "out")
    assert target.namespaces() == []


def forge(folder: Path, table: str, data: bytes) -> None:
    """Replace a file and seal the manifest anew, as someone who means harm would."""
    (folder / file_of(table)).write_bytes(data)
    manifest = read_manifest(folder).model_dump(exclude={"digest"})
    manifest["files"] = {
        **manifest["files"],
        file_of(table): ExportedFile(
            sha256=sha256(data).hexdigest(), rows=data.count(b"\n"), bytes=len(data)
        ),
    }
    (folder / "manifest.json").write_text(sealed(**manifest).model_dump_json())


@pytest.mark.parametrize(
    ("table", "data", "says"),
    [
        ("episodes", b"{\n", "line 1: is not JSON"),
        ("episodes", b"[1]\n", "line 1: is not a JSON object"),
        ("episodes", b'{"id": "ep_1"}\n', "line 1: source"),
        ("episodes", b"\xff\n", "line 1: is not JSON"),
        ("entities", b'{"id": "en_1", "name": "a", "extra": 1}\n', "line 1: extra"),
        ("vectors", b'{"passage_id": "pa_1", "vector": "AAAA"}\n', "3 bytes are not 3 float32"),
        ("vectors", b'{"passage_id": "pa_1", "vector": "?"}\n', "not base64"),
        ("vectors", b'{"passage_id": "pa_9", "vector": "AAAA"}\n', "passage_id names nothing"),
        ("roles", b'{"fact_id": "fa_9"}\n', "fact_id names nothing"),
        ("evidence", b'{"fact_id": "fa_1", "passage_id": "pa_1"}\n', "line 1: start"),
    ],
)
def test_a_forged_line_is_named(
    store: GraphStore, opener: Opener, tmp_path: Path, table: str, data: bytes, says: str
) -> None:
    export_memory(store, "default", tmp_path / "out")
    forge(tmp_path / "out", table, data)
    with pytest.raises(StoreFormatError, match=rf"{table}\.jsonl, line 1: .*") as caught:
        load(opener("target"), tmp_path / "out")
    assert says in caught.value.message


@pytest.mark.parametrize(
    ("table", "line", "says"),
    [
        ("supersessions", {"newer_id": "fa_1", "older_id": "fa_9", "reason": ""}, "fa_9"),
        ("entities", {"id": "en_1", "name": "\ud800"}, "surrogates"),
        ("entities", {"id": "en_x", "name": "of another namespace"}, "another namespace"),
    ],
)
def test_forged_content_that_no_store_takes_is_refused_with_its_file(
    store: GraphStore, opener: Opener, tmp_path: Path, table: str, line: Any, says: str
) -> None:
    export_memory(store, "default", tmp_path / "out")
    forge(tmp_path / "out", table, f"{json.dumps(line)}\n".encode())
    target = opener("target")
    target.apply(ChangeSet(namespace="other", entities=(Entity(id="en_x", name="x"),)))
    with pytest.raises(StoreFormatError, match=rf"{table}\.jsonl: .*{says}"):
        load(target, tmp_path / "out")


def test_an_import_merges_with_what_is_there(
    store: GraphStore, opener: Opener, tmp_path: Path
) -> None:
    export_memory(store, "default", tmp_path / "out")
    target = opener("target")
    ann = Entity(id="en_1", name="Ann", aliases=("Annie",))
    target.apply(ChangeSet(namespace="default", entities=(ann,)))
    report = load(target, tmp_path / "out")
    assert report.added.entities == 2
    held = target.entities(["en_1"])["en_1"]
    assert held.aliases[0] == "Annie"
    assert set(store.entities(["en_1"])["en_1"].aliases) < set(held.aliases)


@pytest.mark.parametrize("format_", ["jsonl", "graphml", "hif"])
def test_nothing_is_overwritten_and_nothing_half_made_is_left(
    store: GraphStore, tmp_path: Path, format_: str
) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    before = sorted(tmp_path.iterdir())
    for name in ("file", "folder", "link", "no/such/folder"):
        with pytest.raises(InvalidInputError):
            export_memory(store, "default", tmp_path / name, format=format_)
    with pytest.raises(InvalidInputError, match="'zip' is not a format"):
        export_memory(store, "default", tmp_path / "out", format="zip")

    def fail(stage: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    if format_ == "jsonl":
        with pytest.raises(KeyboardInterrupt):
            export_memory(store, "default", tmp_path / "out", format=format_, progress=fail)
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "file").read_text() == "mine"


def test_a_folder_that_cannot_be_written_is_an_error(store: GraphStore) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        export_memory(store, "default", Path("/proc/out"))


LIMITED = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from graphmem.adapters.stores.sqlite import SqliteStore
from graphmem.errors import StoreFullError
from graphmem.maintain.transfer import export_memory

folder = Path(sys.argv[1])
clock = lambda: datetime(2024, 1, 1, tzinfo=UTC)
store = SqliteStore.open(folder / "store", clock=clock, create=False, read_only=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))  # the store's own small files fit
try:
    export_memory(store, "default", folder / "out")
except StoreFullError as full:
    print(full)
"""


def test_a_full_disk_is_said_and_leaves_nothing(store: GraphStore, tmp_path: Path) -> None:
    long = Entity(id="en_long", name="long", profile="x" * 200_000)
    store.apply(ChangeSet(namespace="default", entities=(long,)))
    store.close()
    before = sorted(path.name for path in tmp_path.iterdir())
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, tmp_path], capture_output=True, text=True, check=True
    )
    assert f"No room left to write {tmp_path / 'out'}" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.parametrize("format_", ["jsonl", "graphml"])
def test_a_damaged_memory_is_not_exported(store: GraphStore, tmp_path: Path, format_: str) -> None:
    with closing(sqlite3.connect(tmp_path / "store" / "graphmem.sqlite3")) as connection:
        connection.execute("DELETE FROM entities WHERE id = 'en_2'")
        connection.commit()
    with pytest.raises(StoreFormatError, match="does not hold") as caught:
        export_memory(store, "default", tmp_path / "out", format=format_)
    assert "doctor" in caught.value.remedy
    assert not (tmp_path / "out").exists()
