"""What goes wrong with a server: each a clear error, or a success after all; never half a batch."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from graphmem import Memory
from graphmem.adapters.bolt import Bolt
from graphmem.adapters.cypher.neo4j import Neo4jCypher
from graphmem.adapters.servers import neo4j as servers
from graphmem.adapters.stores.neo4j import Neo4jStore
from graphmem.adapters.stores.neo4j.schema import MIGRATIONS
from graphmem.errors import (
    ConfigurationError,
    EmbedderMismatchError,
    NotFoundError,
    ReadOnlyError,
    StoreBusyError,
    StoreError,
    StoreFormatError,
    StoreFullError,
)
from graphmem.model.change import ChangeSet, Checkpoint, Counts
from graphmem.model.knowledge import Entity, Evidence, Fact, Member, Mention
from graphmem.model.source import Episode, EpisodeKind, Passage
from graphmem.settings import Settings
from graphmem_ingest.job import ingest
from graphmem_ingest.report import Progress

NOW = datetime(2024, 6, 1, tzinfo=UTC)
KILLS = int(os.environ.get("GRAPHMEM_TEST_KILLS", "3"))


def batch(number: int, *, job: str = "job") -> ChangeSet:
    """A document that names one entity of its own and one of everybody's, with a checkpoint."""
    own, shared = f"en_{number}", "en_shared"
    episode = Episode(
        id=f"ep_{number}",
        namespace="default",
        source=f"doc:{number}",
        title="",
        kind=EpisodeKind.DOCUMENT,
        occurred_at=None,
        recorded_at=NOW,
        digest=str(number),
    )
    passage = Passage(
        id=f"pa_{number}",
        episode_id=episode.id,
        text=f"text {number}",
        start=0,
        end=6,
        ordinal=0,
        vector_key=f"key {number}",
    )
    fact = Fact(
        id=f"fa_{number}",
        text=f"{number} is so",
        predicate="be",
        members=(
            Member(role="subject", entity_id=own, text="own"),
            Member(role="object", entity_id=shared, text="shared", ordinal=1),
        ),
        recorded_at=NOW,
    )
    return ChangeSet(
        namespace="default",
        episodes=(episode,),
        passages=(passage,),
        entities=(Entity(id=own, name=own), Entity(id=shared, name=shared)),
        mentions=tuple(
            Mention(passage_id=passage.id, entity_id=id_, surface=id_) for id_ in (own, shared)
        ),
        facts=(fact,),
        evidence=(Evidence(fact_id=fact.id, passage_id=passage.id, start=0, end=4),),
        checkpoint=Checkpoint(job=job, position=str(number)),
    )


def all_of(count: int) -> Counts:
    """What so many batches come to."""
    return Counts(
        episodes=count,
        passages=count,
        entities=count + 1,
        mentions=2 * count,
        facts=count,
        evidence=count,
    )


@contextmanager
def opened(url: str, auth: tuple[str, str], **options: Any) -> Iterator[Neo4jStore]:
    bolt = Bolt(url, auth, **options)
    with closing(bolt):
        yield Neo4jStore.open(bolt, clock=lambda: NOW, create=True)


# --- a server that dies ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, starter: Callable[..., Any]) -> Iterator[Any]:
    """A server to be killed: it comes back at its address."""
    home = tmp_path_factory.mktemp("own") / "home"
    try:
        yield starter(home)
    finally:
        servers.stop(home)


def kill(home: Path) -> None:
    pid = servers.status(home).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def test_killing_the_server_during_a_job_loses_and_repeats_nothing(
    tmp_path: Path, own: Any, starter: Callable[..., Any]
) -> None:
    own.empty()
    corpus, count = tmp_path / "corpus", 8 + 4 * KILLS
    corpus.mkdir()
    for number in range(count):
        text = f"Ann Reed met Bo Lund {number} in Leeds. He told her about Acme Mills {number}."
        (corpus / f"{number:03}.md").write_text(text)
    settings = Settings(workers=0, depth="fast")
    rng = random.Random(7)
    items, reports, refusals = 0, [], []

    def progress(done: Progress) -> None:
        nonlocal items
        items = done.items

    def job(memory: Memory) -> None:
        while not reports:
            try:
                reports.append(ingest(memory, [str(corpus)], batch=1, on_progress=progress))
            except StoreError as error:  # a server that is away for a minute: run it again
                refusals.append(error)

    with (
        Memory.open(tmp_path / "unbroken", settings=settings, clock=lambda: NOW) as unbroken,
        Memory.open(own.url, auth=own.auth, settings=settings, clock=lambda: NOW) as memory,
    ):
        expected = ingest(unbroken, [str(corpus)], batch=1)
        worker = threading.Thread(target=job, args=(memory,))
        worker.start()
        for _ in range(KILLS):
            before = items
            while items < before + 3 and worker.is_alive():
                time.sleep(0.005)
            time.sleep(rng.uniform(0.0, 0.1))
            assert worker.is_alive(), "the job ended before the server was killed"
            kill(own.home)
            assert starter(own.home).url == own.url
        worker.join(timeout=180)
        assert len(refusals) <= KILLS
        [report] = reports
        if not refusals:
            assert report.added == expected.added  # acknowledged once each, and not twice
        assert report.resumed_after + report.items == count
        assert memory.stats().counts == unbroken.stats().counts
        folders = [tmp_path / "from-folder", tmp_path / "from-server"]
        digests = [m.export(to).digest for m, to in zip((unbroken, memory), folders, strict=True)]
        assert digests[0] == digests[1]  # equal memories make equal files
        assert memory.doctor() == []


def test_a_full_disk_stops_the_writer_with_its_name_and_leaves_no_half_batch(
    small_disk: Path, starter: Callable[..., Any]
) -> None:
    home, ballast = small_disk / "home", small_disk / "ballast"
    with ExitStack() as cleaning:
        cleaning.callback(servers.stop, home)
        server = starter(home)
        store = cleaning.enter_context(opened(server.url, server.auth, retry_seconds=0.0))
        store.apply(batch(0))
        ballast.write_bytes(bytes(shutil.disk_usage(small_disk).free - 2_000_000))
        acknowledged = [0]

        def fill() -> None:
            for number in range(1, 500):
                store.apply(padded(number))
                acknowledged.append(number)

        with pytest.raises(StoreFullError, match="no room left") as caught:
            fill()
        assert "Free space" in caught.value.remedy
        done = len(acknowledged)
        runner = Neo4jCypher(store, "default", store.bolt)
        for ask in (
            lambda: store.counts("default"),
            lambda: store.apply(padded(done)),
            lambda: runner.run("MATCH (e:Entity) RETURN e"),
        ):
            with pytest.raises(StoreFullError, match="no room left"):
                ask()
        ballast.unlink()
        servers.stop(home)
        assert starter(home).url == server.url
        held = store.counts("default")
        assert held in {all_of(done), all_of(done + 1)}  # the last batch: whole, or not at all
        assert store.checkpoint("job") == str(held.episodes - 1)
        store.apply(padded(done))
        assert store.counts("default") == all_of(done + 1)
        assert store.check() == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 160 MB, for which one has to be root."""
    disk = tmp_path / "disk"
    disk.mkdir()
    try:
        mounting = ["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", str(disk)]
        done = subprocess.run(mounting, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no `mount` to make a small disk with")
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted: {done.stderr.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def padded(number: int) -> ChangeSet:
    """A batch with 400 kB of text."""
    changes = batch(number)
    (passage,) = changes.passages
    text = f"{passage.text} " + "x" * 400_000
    return changes.model_copy(update={"passages": (passage.model_copy(update={"text": text}),)})


class Wire:
    """A proxy before a server that can cut the line just after a commit went through it."""

    COMMIT = b"\xb0\x12"

    def __init__(self, url: str) -> None:
        self._to = ("127.0.0.1", urlsplit(url).port or 0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lines: list[socket.socket] = []
        self.url = f"bolt://127.0.0.1:{self._listener.getsockname()[1]}"
        self.cuts = 0
        self.committed = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for line in (self._listener, *self._lines):
            line.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._to)
            self._lines += [client, server]
            for source, target in ((client, server), (server, client)):
                threading.Thread(
                    target=self._carry, args=(source, target, source is client), daemon=True
                ).start()

    def _carry(self, source: socket.socket, target: socket.socket, from_client: bool) -> None:
        try:
            while data := source.recv(1 << 16):
                if from_client and self.COMMIT in data:
                    self.committed += 1
                    if self.cuts:
                        self.cuts -= 1
                        hang_up(source)  # the server commits, and nobody hears of it
                target.sendall(data)
        except OSError:
            pass
        time.sleep(0.2)
        for line in (source, target):
            hang_up(line)


def hang_up(line: socket.socket) -> None:
    """Close a line so that whoever reads it wakes up."""
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
    line.close()


def test_a_commit_whose_answer_is_lost_is_done_once(neo4j: Any) -> None:
    wire = Wire(neo4j.url)
    with closing(wire), opened(wire.url, neo4j.auth) as store:
        assert store.apply(batch(0)) == all_of(1)
        wire.cuts, before = 1, wire.committed
        added = store.apply(batch(1))
        assert wire.cuts == 0
        assert wire.committed == before + 2  # it was tried again
        assert added == Counts(episodes=1, passages=1, entities=1, mentions=2, facts=1, evidence=1)
        assert store.version("default") == 2
        assert store.counts("default") == all_of(2)
        wire.cuts = 1
        assert store.delete_source("default", "doc:1").facts == 1
        assert store.counts("default") == all_of(1)
        assert store.check() == []


def test_a_server_that_is_gone_says_so_and_a_read_waits_for_one_that_comes_back(
    own: Any, starter: Callable[..., Any]
) -> None:
    own.empty()
    with ExitStack() as cleaning:
        patient = cleaning.enter_context(opened(own.url, own.auth, retry_seconds=120.0))
        hasty = cleaning.enter_context(opened(own.url, own.auth, retry_seconds=0.0))
        patient.apply(batch(0))
        runner = Neo4jCypher(hasty, "default", hasty.bolt)
        kill(own.home)
        for ask in (
            lambda: hasty.counts("default"),
            lambda: hasty.apply(batch(1)),
            lambda: runner.run("MATCH (e:Entity) RETURN e"),
            lambda: hasty.read("default").__enter__(),
        ):
            with pytest.raises(StoreError, match="no Neo4j answers"):
                ask()
        found: list[Counts] = []
        waiting = threading.Thread(target=lambda: found.append(patient.counts("default")))
        waiting.start()
        starter(own.home)
        waiting.join(timeout=120)
        assert found == [all_of(1)]


def test_a_restart_in_the_middle_of_statements_is_a_clear_error_or_a_late_answer(
    own: Any, starter: Callable[..., Any]
) -> None:
    own.empty()
    slow = "UNWIND range(1, 12000000) AS n RETURN count(n)"
    with opened(own.url, own.auth, retry_seconds=120.0) as store:
        store.apply(batch(0))
        runner = Neo4jCypher(store, "default", store.bolt)
        endless = "UNWIND range(1, 1000000000) AS a UNWIND range(1, 1000) AS b RETURN count(a + b)"
        said: list[BaseException] = []
        read: list[Any] = []

        def ask() -> None:
            try:
                runner.run(endless, timeout=100.0)
            except StoreError as error:
                said.append(error)

        threads = [
            threading.Thread(target=ask),
            threading.Thread(
                target=lambda: read.extend(store.bolt.read(lambda tx: tx.run(slow).values()))
            ),
        ]
        for thread in threads:
            thread.start()
        under_way = (
            "SHOW TRANSACTIONS YIELD currentQuery AS q WHERE q STARTS WITH 'UNWIND' RETURN q"
        )
        with store.bolt.session("READ") as session:
            while len(session.run(under_way).values()) < 2:
                time.sleep(0.02)
        servers.stop(own.home)
        assert starter(own.home).url == own.url
        for thread in threads:
            thread.join(timeout=120)
        assert read == [[12_000_000]]
        assert [type(error) for error in said] == [StoreError]
        assert "no Neo4j answers" in str(said[0]) or "shut" in str(said[0])
        assert store.counts("default") == all_of(1)


# --- what is refused ----------------------------------------------------------------------------


def test_a_wrong_password_is_refused_at_once(neo4j: Any) -> None:
    began = time.monotonic()
    with pytest.raises(ConfigurationError, match="refuses the user or the password") as caught:
        Memory.open(neo4j.url, auth=("neo4j", "wrong secret"))
    assert "wrong secret" not in str(caught.value)
    assert "GRAPHMEM_NEO4J_PASSWORD" in caught.value.remedy
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("scheme", ["bolt", "neo4j"])
def test_a_database_that_is_not_there_is_named(neo4j: Any, scheme: str) -> None:
    url = neo4j.url.replace("bolt", scheme)
    with pytest.raises(ConfigurationError, match="nowhere"):
        Memory.open(f"{url}/nowhere", auth=neo4j.auth)


@pytest.mark.parametrize("scheme", ["bolt", "neo4j"])
def test_a_host_where_nothing_answers_is_named(scheme: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"{scheme}://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(StoreError, match=f"no Neo4j answers at {re.escape(url)}"):
            Memory.open(url, auth=("neo4j", "password"))


def test_a_url_with_a_password_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigurationError, match="holds a user or a password") as caught:
        Memory.open("neo4j://ann:geheim@localhost:7687")
    assert "geheim" not in str(caught.value)


def test_a_memory_that_is_not_there_is_not_made_by_reading(tmp_path: Path, neo4j: Any) -> None:
    bolt = Bolt(neo4j.url, neo4j.auth)
    with closing(bolt):
        with bolt.session("WRITE") as session:
            session.run("MATCH (m:_Memory) DELETE m").consume()
        for options in ({"create": False}, {"read_only": True}):
            with pytest.raises(NotFoundError, match="no memory in"):
                Memory.open(neo4j.url, auth=neo4j.auth, **options)
    with opened(neo4j.url, neo4j.auth) as store:
        assert store.check() == []


def test_a_write_to_what_was_opened_for_reading_is_refused(neo4j: Any) -> None:
    with opened(neo4j.url, neo4j.auth) as store:
        store.apply(batch(0))
    with opened(neo4j.url, neo4j.auth, read_only=True) as store:
        assert store.counts("default") == all_of(1)
        with store.read("default") as view:
            assert [row for rows in view.scan("facts", ["id"]) for row in rows] == [("fa_0",)]
        for write in (
            lambda: store.apply(batch(1)),
            lambda: store.delete_source("default", "doc:0"),
            lambda: store.clear_checkpoint("job"),
        ):
            with pytest.raises(ReadOnlyError, match="opened for reading"):
                write()


def test_a_writer_that_waits_too_long_for_another_says_so(neo4j: Any) -> None:
    with opened(neo4j.url, neo4j.auth, write_seconds=1.0, retry_seconds=0.0) as store:
        store.apply(batch(0))
        bolt = Bolt(neo4j.url, neo4j.auth)
        with closing(bolt), bolt.session("WRITE") as session:
            other = session.begin_transaction()
            other.run("MATCH (n:_Namespace) SET n.lock = 'held'").consume()
            with pytest.raises(StoreBusyError, match="another writer"):
                store.apply(batch(1))
            assert store.counts("default") == all_of(1)  # readers do not wait
            other.rollback()
        store.apply(batch(1))
        assert store.counts("default") == all_of(2)


# --- what does not fit ---------------------------------------------------------------------------


def test_a_newer_schema_is_refused_and_an_older_one_brought_up_to_date(neo4j: Any) -> None:
    bolt = Bolt(neo4j.url, neo4j.auth)
    with closing(bolt), bolt.session("WRITE") as session:
        with opened(neo4j.url, neo4j.auth) as store:
            store.apply(batch(0))
        session.run("MATCH (m:_Memory) SET m.schema_version = 99").consume()
        with pytest.raises(StoreFormatError, match="schema 99"), opened(neo4j.url, neo4j.auth):
            pass
        session.run("MATCH (m:_Memory) SET m.schema_version = 0").consume()
        session.run("DROP INDEX graphmem_fact_nid").consume()
        with (
            pytest.raises(StoreFormatError, match="older schema 0"),
            opened(neo4j.url, neo4j.auth, read_only=True),
        ):
            pass
        with opened(neo4j.url, neo4j.auth) as store:
            assert store.info().schema_version == len(MIGRATIONS)
            assert store.counts("default") == all_of(1)
            assert store.check() == []


def test_a_lost_index_and_wrong_counts_are_found(neo4j: Any) -> None:
    bolt = Bolt(neo4j.url, neo4j.auth)
    with closing(bolt), bolt.session("WRITE") as session:
        with opened(neo4j.url, neo4j.auth) as store:
            store.apply(batch(0))
            session.run("DROP INDEX graphmem_names").consume()
            session.run("MATCH (:Fact)-[s:EVIDENCE]->() DELETE s").consume()
            found = {problem.check for problem in store.check()}
            assert found == {"missing indexes", "facts without evidence", "counts"}
        session.run("MATCH (m:_Memory) SET m.schema_version = 0").consume()
        with opened(neo4j.url, neo4j.auth):
            pass


def test_a_vector_index_of_another_dimension_is_refused(neo4j: Any) -> None:
    with opened(neo4j.url, neo4j.auth) as store:
        store.set_embedder("small", 4)
        store.set_embedder("small", 4)
    bolt = Bolt(neo4j.url, neo4j.auth)
    with closing(bolt), bolt.session("WRITE") as session:
        session.run("MATCH (m:_Memory) REMOVE m.embedder, m.dimension").consume()
    with opened(neo4j.url, neo4j.auth) as store:
        with pytest.raises(EmbedderMismatchError, match="4 dimensions, not 8") as caught:
            store.set_embedder("large", 8)
        assert "GRAPHMEM_EMBEDDER" in caught.value.remedy
