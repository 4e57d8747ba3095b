"""The database file's layout, how it is made, recognised and brought up to date.

``PRAGMA application_id`` marks a file as a memory; ``PRAGMA user_version`` counts the migrations
that it has been through. A new file goes through all of them: there is one way to any version.

Relations are keyed so that reading them from either end is a range of a B-tree. Times are whole
microseconds since 1970, UTC. -1 stands for "no offset" where a key column cannot be NULL.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from graphmem.errors import StoreFormatError

APPLICATION_ID: Final = 0x67724D6D  # "grMm"
PAGE_SIZE: Final = 8192

Migration = Callable[[sqlite3.Connection], None]

_VERSION_1: Final = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID",
    "CREATE TABLE checkpoints (job TEXT PRIMARY KEY, position TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE namespaces (
        nid INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        version INTEGER NOT NULL DEFAULT 0
    )""",
    """CREATE TABLE episodes (
        nid INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        namespace_nid INTEGER NOT NULL REFERENCES namespaces,
        source TEXT NOT NULL,
        title TEXT NOT NULL,
        kind TEXT NOT NULL,
        occurred_at INTEGER,
        recorded_at INTEGER NOT NULL,
        retired_at INTEGER,
        digest TEXT NOT NULL,
        trust REAL NOT NULL,
        depth TEXT NOT NULL
    )""",
    "CREATE INDEX episodes_by_source ON episodes (namespace_nid, source)",
    """CREATE TABLE passages (
        nid INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        namespace_nid INTEGER NOT NULL REFERENCES namespaces,
        episode_nid INTEGER NOT NULL REFERENCES episodes,
        text TEXT NOT NULL,
        start INTEGER NOT NULL,
        "end" INTEGER NOT NULL,
        ordinal INTEGER NOT NULL,
        speaker TEXT,
        session TEXT,
        occurred_at INTEGER,
        external_id TEXT,
        attributes TEXT NOT NULL,
        vector_key TEXT NOT NULL
    )""",
    "CREATE INDEX passages_by_namespace ON passages (namespace_nid)",
    "CREATE INDEX passages_by_episode ON passages (episode_nid)",
    "CREATE INDEX passages_by_vector ON passages (vector_key)",
    """CREATE TABLE vectors (
        nid INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        vector BLOB NOT NULL
    )""",
    """CREATE TABLE entities (
        nid INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        namespace_nid INTEGER NOT NULL REFERENCES namespaces,
        name TEXT NOT NULL,
        type TEXT NOT NULL,
        aliases TEXT NOT NULL,
        profile TEXT NOT NULL
    )""",
    "CREATE INDEX entities_by_namespace ON entities (namespace_nid)",
    """CREATE TABLE mentions (
        passage_nid INTEGER NOT NULL REFERENCES passages,
        start INTEGER NOT NULL CHECK (start >= -1),
        "end" INTEGER NOT NULL CHECK ("end" >= start),
        entity_nid INTEGER NOT NULL REFERENCES entities,
        surface TEXT NOT NULL,
        about REAL NOT NULL,
        PRIMARY KEY (passage_nid, start, "end", entity_nid, surface)
    ) WITHOUT ROWID""",
    "CREATE INDEX mentions_by_entity ON mentions (entity_nid)",
    """CREATE TABLE facts (
        nid INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        namespace_nid INTEGER NOT NULL REFERENCES namespaces,
        text TEXT NOT NULL,
        predicate TEXT NOT NULL,
        polarity TEXT NOT NULL,
        modality TEXT NOT NULL,
        attribution TEXT,
        kind TEXT NOT NULL,
        confidence REAL NOT NULL,
        trust REAL NOT NULL,
        valid_from INTEGER,
        valid_to INTEGER,
        precision TEXT,
        recorded_at INTEGER NOT NULL,
        retired_at INTEGER,
        strength REAL NOT NULL,
        recalls INTEGER NOT NULL,
        last_recalled_at INTEGER
    )""",
    "CREATE INDEX facts_by_namespace ON facts (namespace_nid)",
    """CREATE TABLE roles (
        fact_nid INTEGER NOT NULL REFERENCES facts,
        position INTEGER NOT NULL,
        entity_nid INTEGER NOT NULL REFERENCES entities,
        role TEXT NOT NULL,
        text TEXT NOT NULL,
        ordinal INTEGER NOT NULL,
        start INTEGER,
        "end" INTEGER,
        PRIMARY KEY (fact_nid, position)
    ) WITHOUT ROWID""",
    "CREATE INDEX roles_by_entity ON roles (entity_nid)",
    """CREATE TABLE evidence (
        fact_nid INTEGER NOT NULL REFERENCES facts,
        passage_nid INTEGER NOT NULL REFERENCES passages,
        start INTEGER NOT NULL CHECK (start >= 0),
        "end" INTEGER NOT NULL CHECK ("end" >= start),
        PRIMARY KEY (fact_nid, passage_nid, start, "end")
    ) WITHOUT ROWID""",
    "CREATE INDEX evidence_by_passage ON evidence (passage_nid)",
    """CREATE TABLE discourse (
        nid INTEGER PRIMARY KEY,
        source_nid INTEGER NOT NULL REFERENCES facts,
        target_nid INTEGER NOT NULL REFERENCES facts,
        sense TEXT NOT NULL,
        connective TEXT NOT NULL,
        passage_nid INTEGER REFERENCES passages,
        start INTEGER,
        "end" INTEGER
    )""",
    """CREATE UNIQUE INDEX discourse_key ON discourse (
        source_nid, target_nid, sense, connective,
        ifnull(passage_nid, -1), ifnull(start, -1), ifnull("end", -1)
    )""",
    "CREATE INDEX discourse_by_target ON discourse (target_nid)",
    "CREATE INDEX discourse_by_passage ON discourse (passage_nid)",
    """CREATE TABLE supersessions (
        newer_nid INTEGER NOT NULL REFERENCES facts,
        older_nid INTEGER NOT NULL REFERENCES facts,
        reason TEXT NOT NULL,
        PRIMARY KEY (newer_nid, older_nid)
    ) WITHOUT ROWID""",
    "CREATE INDEX supersessions_by_older ON supersessions (older_nid)",
    """CREATE TABLE same_as (
        left_nid INTEGER NOT NULL REFERENCES entities,
        right_nid INTEGER NOT NULL REFERENCES entities,
        "by" TEXT NOT NULL,
        score REAL NOT NULL,
        PRIMARY KEY (left_nid, right_nid, "by")
    ) WITHOUT ROWID""",
    "CREATE INDEX same_as_by_right ON same_as (right_nid)",
)


def _create(connection: sqlite3.Connection) -> None:
    for statement in _VERSION_1:
        connection.execute(statement)


_NODES: Final = ("episodes", "passages", "entities", "facts")
"""Tables whose rows say in which version of their namespace they were last changed."""


def _add_change_feed(connection: sqlite3.Connection) -> None:
    """What was changed before is not known: whoever read it has to read all of it again."""
    connection.execute("ALTER TABLE namespaces ADD COLUMN removed_in INTEGER NOT NULL DEFAULT 0")
    connection.execute("UPDATE namespaces SET removed_in = version")
    for table in _NODES:
        connection.execute(f"ALTER TABLE {table} ADD COLUMN changed_in INTEGER NOT NULL DEFAULT 0")
        connection.execute(f"CREATE INDEX {table}_by_change ON {table} (namespace_nid, changed_in)")


NEXT_VECTORS: Final = """CREATE TABLE next_vectors (
    nid INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    vector BLOB NOT NULL
)"""
"""Vectors of the embedder that a memory is on its way to, as those in use are kept."""


def _add_next_vectors(connection: sqlite3.Connection) -> None:
    connection.execute(NEXT_VECTORS)


_SUMMARIES: Final = (
    """CREATE TABLE hierarchies (
        namespace_nid INTEGER PRIMARY KEY REFERENCES namespaces,
        revision INTEGER NOT NULL DEFAULT 0,
        version INTEGER NOT NULL DEFAULT 0,
        embedder TEXT,
        next_serial INTEGER NOT NULL DEFAULT 1,
        communities_version INTEGER NOT NULL DEFAULT 0
    )""",
    """CREATE TABLE summaries (
        nid INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        namespace_nid INTEGER NOT NULL REFERENCES namespaces,
        parent_nid INTEGER REFERENCES summaries,
        place INTEGER NOT NULL,
        depth INTEGER NOT NULL,
        resolution REAL,
        name TEXT NOT NULL,
        text TEXT NOT NULL,
        method TEXT NOT NULL,
        stale INTEGER NOT NULL,
        vector BLOB
    )""",
    "CREATE INDEX summaries_by_namespace ON summaries (namespace_nid)",
    "CREATE INDEX summaries_by_parent ON summaries (parent_nid)",
    """CREATE TABLE summary_passages (
        passage_nid INTEGER PRIMARY KEY REFERENCES passages,
        summary_nid INTEGER NOT NULL REFERENCES summaries ON DELETE CASCADE,
        place INTEGER NOT NULL
    )""",
    "CREATE INDEX summary_passages_by_summary ON summary_passages (summary_nid)",
    """CREATE TABLE summary_members (
        summary_nid INTEGER NOT NULL REFERENCES summaries ON DELETE CASCADE,
        place INTEGER NOT NULL,
        entity_nid INTEGER NOT NULL REFERENCES entities ON DELETE CASCADE,
        PRIMARY KEY (summary_nid, place)
    ) WITHOUT ROWID""",
    "CREATE INDEX summary_members_by_entity ON summary_members (entity_nid)",
    """CREATE TABLE summary_sources (
        summary_nid INTEGER NOT NULL REFERENCES summaries ON DELETE CASCADE,
        place INTEGER NOT NULL,
        sentence INTEGER NOT NULL,
        passage_nid INTEGER NOT NULL REFERENCES passages,
        start INTEGER NOT NULL CHECK (start >= 0),
        "end" INTEGER NOT NULL CHECK ("end" >= start),
        fact_nid INTEGER REFERENCES facts ON DELETE SET NULL,
        PRIMARY KEY (summary_nid, place)
    ) WITHOUT ROWID""",
    "CREATE INDEX summary_sources_by_passage ON summary_sources (passage_nid)",
    "CREATE INDEX summary_sources_by_fact ON summary_sources (fact_nid)",
)
"""Of a row of summaries, `resolution` says that it is a community, whose level is its depth."""


def _add_summaries(connection: sqlite3.Connection) -> None:
    for statement in _SUMMARIES:
        connection.execute(statement)


def _add_forgetting(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE passages ADD COLUMN forgotten_at INTEGER")
    connection.execute("ALTER TABLE passages ADD COLUMN recalls INTEGER NOT NULL DEFAULT 0")
    connection.execute("ALTER TABLE passages ADD COLUMN last_recalled_at INTEGER")


def _add_mined_of_facts(connection: sqlite3.Connection) -> None:
    """Of facts that were read before nothing is known; lists are JSON, none is NULL."""
    for column in ("keywords", "topics", "tags", "event_types", "intent"):
        connection.execute(f"ALTER TABLE facts ADD COLUMN {column} TEXT")


def _hang_facts(connection: sqlite3.Connection) -> None:
    """Facts beneath the passages of the tree; one that was kept without them is caught up."""
    connection.execute(
        """CREATE TABLE summary_facts (
            fact_nid INTEGER PRIMARY KEY REFERENCES facts ON DELETE CASCADE,
            summary_nid INTEGER NOT NULL REFERENCES summaries ON DELETE CASCADE,
            place INTEGER NOT NULL,
            ordinal INTEGER NOT NULL
        )"""
    )
    connection.execute("CREATE INDEX summary_facts_by_summary ON summary_facts (summary_nid)")
    connection.execute("UPDATE hierarchies SET version = 0")


def _add_to_facts(connection: sqlite3.Connection) -> None:
    _add_mined_of_facts(connection)
    _hang_facts(connection)


MIGRATIONS: Final[tuple[Migration, ...]] = (
    _create,
    _add_change_feed,
    _add_next_vectors,
    _add_summaries,
    _add_forgetting,
    _add_to_facts,
)
"""``MIGRATIONS[n]`` takes a file from version n to n + 1, inside a transaction of its own."""


def make(path: Path, *, created_at: int, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Write an empty memory to `path`, which must not exist; `created_at` in microseconds.

    The memory's id is random: two memories made at the same place and moment are still two. Where
    the disk is full it raises: the log of later writes comes last, for what a log holds reaches the
    file when it is closed, and that tells nobody that it failed.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
        connection.execute("PRAGMA journal_mode = MEMORY")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        migrate(connection, path, migrations)
        connection.executemany(
            "INSERT INTO meta VALUES (?, ?)",
            [("memory_id", secrets.token_hex(16)), ("created_at", created_at)],
        )
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()


def verify(
    connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration] = MIGRATIONS
) -> int:
    """The version of a file that is a memory and not newer than this code.

    Raises
    ------
    StoreFormatError
        An empty or foreign file, or one of a newer schema.
    """
    application = _pragma(connection, "application_id")
    version = _pragma(connection, "user_version")
    if application != APPLICATION_ID:
        empty = _pragma(connection, "page_count") == 0
        raise StoreFormatError(
            f"{path} is {'an empty file' if empty else 'an SQLite database, but not a memory'}",
            remedy="Name another folder, or restore the file from a copy",
        )
    if version > len(migrations):
        raise StoreFormatError(
            f"{path} was written by a newer graphmem"
            f" (schema {version}; this one knows {len(migrations)})",
            remedy="Upgrade graphmem to open it",
        )
    return version


def migrate(
    connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration] = MIGRATIONS
) -> None:
    """Bring the file up to date, one transaction per version; a step that fails leaves no trace."""
    while True:
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Read under the lock: another process may just have done the same step.
            version = verify(connection, path, migrations)
            if version < len(migrations):
                migrations[version](connection)
                connection.execute(f"PRAGMA user_version = {version + 1}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        if version >= len(migrations) - 1:
            return


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    (value,) = connection.execute(f"PRAGMA {name}").fetchone()
    return int(value)
