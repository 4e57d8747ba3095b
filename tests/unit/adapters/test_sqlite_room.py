"""No room left, and media that cannot be written."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from graphmem.adapters.stores.sqlite import SqliteStore
from graphmem.adapters.stores.sqlite.store import FILE_NAME
from graphmem.errors import ReadOnlyError, StoreError, StoreFullError
from graphmem.model.change import Counts

WORKER = Path(__file__).with_name("sqlite_worker.py")
worker = runpy.run_path(str(WORKER))
open_store, batch = worker["open_store"], worker["batch"]

Mount = Callable[..., None]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[tuple[Path, Mount]]:
    """A small disk of its own, and what mounts it anew with other options."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(options: str) -> None:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "graphmem-test", str(place)],
            check=True,
            capture_output=True,
        )

    try:
        mount("size=4m")
    except (OSError, subprocess.CalledProcessError) as cause:
        pytest.skip(f"a file system cannot be mounted here: {cause}")
    yield place, mount
    subprocess.run(["umount", str(place)], check=True, capture_output=True)


def fill(store: SqliteStore, acknowledged: list[int]) -> None:
    for number in count():
        store.apply(batch("job", number))
        acknowledged.append(number)


def test_a_full_disk_keeps_nothing_of_the_batch_and_the_next_one_fits_after_room_is_made(
    disk: tuple[Path, Mount],
) -> None:
    place, _ = disk
    (place / "ballast").write_bytes(bytes(1_500_000))
    store = open_store(place / "memory")
    acknowledged: list[int] = []
    with pytest.raises(StoreFullError, match="no room left") as raised:
        fill(store, acknowledged)
    done = len(acknowledged)
    assert str(place) in raised.value.message
    assert "Free space" in raised.value.remedy
    assert 0 < done < 100
    assert store.checkpoint("job") == str(done - 1)
    assert store.counts("default").episodes == done
    assert store.check() == []
    (place / "ballast").unlink()
    assert store.apply(batch("job", done)).episodes == 1
    store.close()
    again = open_store(place / "memory", create=False)
    assert again.checkpoint("job") == str(done)
    assert again.check() == []
    again.close()


def test_room_for_no_memory_at_all_is_said_so(disk: tuple[Path, Mount]) -> None:
    place, _ = disk
    with pytest.raises(OSError, match="No space left"):
        (place / "ballast").write_bytes(bytes(5_000_000))
    with pytest.raises(StoreFullError):
        open_store(place / "memory")
    (place / "ballast").unlink()
    open_store(place / "memory").close()


def test_a_limit_on_the_size_of_files_is_met_like_a_full_disk(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, str(WORKER), str(tmp_path), "write", "job", "30", "2000000"],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = ended.stdout.splitlines()
    assert sum(line.startswith("full there is no room left") for line in lines) == 1
    assert [line for line in lines if line.isdigit()] == [str(number) for number in range(30)]
    store = open_store(tmp_path, create=False)
    assert store.counts("default").episodes == 30
    assert store.check() == []
    store.close()


def test_a_memory_on_a_read_only_medium_is_read(disk: tuple[Path, Mount]) -> None:
    place, mount = disk
    folder = place / "memory"
    store = open_store(folder)
    for number in range(3):
        store.apply(batch("job", number))
    store.close()
    mount("remount,ro")
    reader = open_store(folder, read_only=True)
    assert reader.counts("default").episodes == 3
    assert len(reader.episodes_of("default", "job:1")) == 1
    assert reader.check() == []
    reader.close()
    with pytest.raises(StoreError, match=FILE_NAME) as raised:
        open_store(folder).apply(batch("job", 3))
    assert "permissions" in raised.value.remedy
    with pytest.raises(StoreError, match="no memory can be made"):
        open_store(place / "other")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to anything")
def test_a_file_that_may_not_be_written_is_read(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.apply(batch("job", 0))
    store.close()
    (tmp_path / FILE_NAME).chmod(0o444)
    reader = open_store(tmp_path, read_only=True)
    assert reader.counts("default") != Counts()
    reader.close()
    with pytest.raises(ReadOnlyError):
        open_store(tmp_path).apply(batch("job", 1))
