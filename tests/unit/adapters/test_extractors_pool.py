"""Real worker processes, ended in the ways that processes end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from graphmem.adapters.extractors.names import NamesExtractor
from graphmem.adapters.extractors.pool import PooledExtractor
from graphmem.errors import (
    ConfigurationError,
    ExtractionError,
    GraphMemError,
    ModelUnavailableError,
)
from graphmem.model.extraction import PassageContext

pytestmark = pytest.mark.skipif(not Path("/proc").exists(), reason="looks at processes in /proc")

MODULE = '''
import os, signal, time
from pathlib import Path
from graphmem.adapters.extractors.names import NamesExtractor
from graphmem.errors import ModelUnavailableError

FOLDER = Path(__file__).parent


class Deadly(NamesExtractor):
    """Dies of some texts, hangs on others, and prints where it should not."""

    def extract(self, passages):
        print("noise")
        for passage in passages:
            with (FOLDER / "log").open("a") as log:
                log.write(f"{os.getpid()} {passage.passage_id}\\n")
            if "DIE" in passage.text:
                os.kill(os.getpid(), signal.SIGKILL)
            if "ONCE" in passage.text and not (FOLDER / "once").exists():
                (FOLDER / "once").touch()
                os.kill(os.getpid(), signal.SIGKILL)
            if "HANG" in passage.text:
                time.sleep(600)
            if "CRASH" in passage.text:
                raise RuntimeError("crashed")
            if "MODEL" in passage.text:
                raise ModelUnavailableError("no model", remedy="get one")
        return super().extract(passages)


class Unborn(NamesExtractor):
    def __init__(self):
        if (FOLDER / "armed").exists():
            raise SystemExit(3)
'''


def passages(count: int, **texts: str) -> list[PassageContext]:
    """Passages ``p0``, ``p1``...; `texts` replaces what some of them say."""
    return [
        PassageContext(passage_id=f"p{n}", text=texts.get(f"p{n}", f"We met Number{n} in Oslo."))
        for n in range(count)
    ]


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def children(pid: int) -> set[int]:
    """The living processes whose parent is `pid`."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.add(int(stat.parent.name))
    return found


def eventually(holds: Callable[[], bool], *, seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def deadly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module with extractors that misbehave, importable here and in the workers."""
    name = f"deadly_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    return import_module(name)


Pool = Callable[..., PooledExtractor]


@pytest.fixture
def pool() -> Iterator[Pool]:
    """Makes pools that are closed after the test, and sees that no process is left."""
    before = children(os.getpid())
    made: list[PooledExtractor] = []

    def make(factory: Callable[[], Any] = NamesExtractor, **options: Any) -> PooledExtractor:
        made.append(PooledExtractor(factory, **{"workers": 2, **options}))
        return made[-1]

    yield make
    for one in made:
        one.close()
    assert children(os.getpid()) <= before


def read_ids(one: PooledExtractor, asked: Sequence[PassageContext]) -> list[str]:
    return [extraction.passage_id for extraction in one.extract(asked)]


def test_workers_read_what_one_process_reads_in_the_same_order(pool: Pool) -> None:
    asked = passages(101)
    assert pool().extract(asked) == NamesExtractor().extract(asked)


def test_a_few_passages_start_no_process(pool: Pool) -> None:
    one = pool()
    before = children(os.getpid())
    assert len(one.extract(passages(5))) == 5
    assert children(os.getpid()) == before
    one.extract(passages(40))
    assert len(children(os.getpid()) - before) == 2
    running = children(os.getpid())
    one.extract(passages(3))
    assert children(os.getpid()) == running


def test_a_killed_worker_is_replaced(pool: Pool) -> None:
    one = pool(workers=1)
    before = children(os.getpid())
    one.extract(passages(20))
    [pid] = children(os.getpid()) - before
    os.kill(pid, signal.SIGKILL)
    assert read_ids(one, passages(20)) == [f"p{n}" for n in range(20)]


def test_a_worker_that_dies_once_costs_nothing_but_time(pool: Pool, deadly: Any) -> None:
    asked = passages(40, p17="ONCE")
    assert read_ids(pool(deadly.Deadly), asked) == [f"p{n}" for n in range(40)]


@pytest.mark.parametrize("fate", ["DIE", "CRASH"])
def test_passages_that_end_the_process_are_named_and_the_others_read(
    pool: Pool, deadly: Any, tmp_path: Path, fate: str
) -> None:
    one = pool(deadly.Deadly)
    with pytest.raises(ExtractionError, match="2 of 40") as caught:
        one.extract(passages(40, p3=fate, p38=fate))
    assert set(caught.value.passage_ids) == {"p3", "p38"}
    read = {line.split()[1] for line in (tmp_path / "log").read_text().splitlines()}
    assert read == {f"p{n}" for n in range(40)}
    assert len(one.extract(passages(40))) == 40


def test_an_extractor_that_always_dies_is_given_up_on(
    pool: Pool, deadly: Any, tmp_path: Path
) -> None:
    one = pool(deadly.Deadly, workers=1)
    with pytest.raises(ExtractionError) as caught:
        one.extract(passages(16, **{f"p{n}": "DIE" for n in range(16)}))
    assert len(caught.value.passage_ids) == 16
    processes = {line.split()[0] for line in (tmp_path / "log").read_text().splitlines()}
    assert len(processes) <= 8


def test_a_worker_that_hangs_is_ended_after_its_time(pool: Pool, deadly: Any) -> None:
    one = pool(deadly.Deadly, timeout=2.0)
    with pytest.raises(ExtractionError) as caught:
        one.extract(passages(16, p5="HANG"))
    assert caught.value.passage_ids == ("p5",)


def test_an_error_on_purpose_comes_through_as_it_is(pool: Pool, deadly: Any) -> None:
    with pytest.raises(ModelUnavailableError, match=r"no model\. get one"):
        pool(deadly.Deadly).extract(passages(40, p20="MODEL"))


def test_a_worker_that_cannot_start_says_so(pool: Pool, deadly: Any, tmp_path: Path) -> None:
    one = pool(deadly.Unborn)
    (tmp_path / "armed").touch()
    with pytest.raises(ExtractionError, match="status 3"):
        one.extract(passages(20))


def test_an_interrupt_at_the_terminal_does_not_reach_workers(pool: Pool) -> None:
    one = pool()
    before = children(os.getpid())
    one.extract(passages(40))
    workers = children(os.getpid()) - before
    for pid in workers:
        os.kill(pid, signal.SIGINT)
    assert len(one.extract(passages(40))) == 40
    assert children(os.getpid()) - before == workers


def test_closing_ends_workers_in_the_middle_of_a_batch(
    pool: Pool, deadly: Any, tmp_path: Path
) -> None:
    one = pool(deadly.Deadly)
    caught: list[BaseException] = []

    def read() -> None:
        try:
            one.extract(passages(40, p0="HANG", p20="HANG"))
        except GraphMemError as error:
            caught.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    assert eventually((tmp_path / "log").exists)
    one.close()
    reader.join(10)
    assert not reader.is_alive()
    assert "closed" in str(caught[0])
    with pytest.raises(GraphMemError, match="closed"):
        one.extract(passages(3))


def test_a_pool_that_is_dropped_leaves_no_process() -> None:
    before = children(os.getpid())
    one = PooledExtractor(NamesExtractor, workers=2)
    one.extract(passages(40))
    assert len(children(os.getpid()) - before) == 2
    del one
    assert children(os.getpid()) <= before


SCRIPT = """
import sys, time
from graphmem.adapters.extractors.pool import PooledExtractor
from graphmem.adapters.extractors.names import NamesExtractor
from graphmem.model.extraction import PassageContext

print("script runs", flush=True)
pool = PooledExtractor(NamesExtractor, workers=2)
asked = [PassageContext(passage_id=str(n), text="We met Ann.") for n in range(40)]
print("read", len(pool.extract(asked)), flush=True)
if len(sys.argv) > 1:
    time.sleep(600)
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A user's script, without a guard around what it does."""
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    return path


def test_a_script_needs_no_guard_and_is_not_run_again(script: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines() == ["script runs", "read 40"]
    assert done.stderr == ""


def test_workers_vanish_with_a_killed_parent(script: Path) -> None:
    with subprocess.Popen(
        [sys.executable, str(script), "stay"], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert [next(parent.stdout) for _ in range(2)][-1] == "read 40\n"
        workers = children(parent.pid)
        assert len(workers) == 2
        parent.kill()
        parent.wait()
        assert eventually(lambda: not any(map(is_alive, workers)), seconds=5)


def test_what_another_process_cannot_import_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="lambda"):
        PooledExtractor(lambda: NamesExtractor(), workers=2)  # noqa: PLW0108
    with pytest.raises(ConfigurationError, match="0 workers"):
        PooledExtractor(NamesExtractor, workers=0)
