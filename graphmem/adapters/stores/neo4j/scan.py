"""Scans: whole tables of one namespace, as of one moment, for snapshots.

Neo4j shows a transaction whatever others commit meanwhile. So a view is a copy: the namespace is
read page by page into a temporary file of this machine, and the namespace's version before and
after tells whether somebody wrote meanwhile. Then it is read once more, while writers wait. What
is scanned afterwards comes from the file, at the speed of the disk and in bounded memory.
"""

from __future__ import annotations

import marshal
import secrets
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import IO, Any, Final, NamedTuple

import neo4j
import numpy as np

from graphmem.adapters.bolt import Bolt, listed, rows
from graphmem.adapters.stores.neo4j.rows import NO_OFFSET, aliases_json
from graphmem.adapters.stores.neo4j.statements import of_generation, statements
from graphmem.errors import InvalidInputError, StoreError
from graphmem.model.ids import digest
from graphmem.ports.store import SCANNABLE, SEVERAL, Vectors

_OF_EPISODE: Final = ("source", "title", "trust", "recorded_at", "retired_at")
_ENDS: Final = {
    "mentions": ("passage_nid", "entity_nid"),
    "roles": ("fact_nid", "entity_nid"),
    "evidence": ("fact_nid", "passage_nid"),
    "discourse": ("source_nid", "target_nid"),
    "supersessions": ("newer_nid", "older_nid"),
    "same_as": ("left_nid", "right_nid"),
}
_STARTS: Final = {
    "mentions": "passages",
    "roles": "facts",
    "evidence": "facts",
    "discourse": "facts",
    "supersessions": "facts",
    "same_as": "entities",
    "vectors": "passages",
}
_LISTS: Final[Mapping[str, Sequence[str]]] = {"entities": ("aliases",), "facts": SEVERAL}
_PAGE: Final = 5000
_VECTOR_PAGE: Final = 1000
_PLAIN: Final = 2  # the format without references, which are searched for at length
_SPOOL_BYTES: Final = 32 * 1024 * 1024

VECTORS: Final = "vectors"
TABLES: Final = (*SCANNABLE, VECTORS)


_Places = Mapping[str, Sequence[tuple[int, int]]]


class _State(NamedTuple):
    """A namespace's number, its version, that of its last removal, the generation of the memory's
    vectors, and the namespace's last ``nid`` values."""

    space: int | None
    version: int
    removed_in: int
    generation: int
    last: Mapping[str, int]


class Neo4jReader:
    """A consistent view of one namespace; :func:`view` makes it."""

    def __init__(
        self, where: str, version: int, file: IO[bytes], places: _Places, *, removed: bool
    ) -> None:
        self._where = where
        self._version = version
        self._removed = removed
        self._file = file
        self._places = places
        self._open = True

    @property
    def version(self) -> int:
        """The namespace's change counter."""
        return self._version

    @property
    def removed(self) -> bool:
        """Whether something was removed after the version that the view begins at."""
        return self._removed

    def scan(
        self, table: str, columns: Sequence[str], *, batch: int = 10_000
    ) -> Iterator[list[tuple[Any, ...]]]:
        """Rows of a table of ``SCANNABLE``; relations in the order of the nodes they start at.

        Raises
        ------
        InvalidInputError
            No such table or column, or a `batch` below 1.
        StoreError
            The view was closed, or opened without this table.
        """
        allowed = SCANNABLE.get(table, ())
        unknown = [column for column in columns if column not in allowed]
        if not allowed or unknown or not columns:
            raise InvalidInputError(
                f"there is no {table!r} with columns {unknown or list(columns)!r} to scan",
                remedy=f"There is {', '.join(allowed or SCANNABLE)}",
            )
        wanted = [allowed.index(column) for column in columns]
        pages = self._pages(table, batch)
        if len(wanted) == 1:
            chosen = ([(row[wanted[0]],) for row in page] for page in pages)
        else:
            chosen = (list(map(itemgetter(*wanted), page)) for page in pages)
        return self._guarded(_in_batches(chosen, batch))

    def vectors(self, *, batch: int = 10_000) -> Iterator[tuple[list[int], Vectors]]:
        """Passages' ``nid`` values and vectors, shape (n, dimension), in the order of ``nid``."""
        for part in self._guarded(_in_batches(self._pages(VECTORS, batch), batch)):
            matrix = np.frombuffer(b"".join(blob for _, blob in part), dtype="<f4")
            yield (
                [nid for nid, _ in part],
                matrix.reshape(len(part), -1).astype(np.float32, copy=False),
            )

    def close(self) -> None:
        """End all scans; a scan that goes on raises."""
        self._open = False
        self._file.close()

    def _pages(self, table: str, batch: int) -> Iterator[list[Any]]:
        if batch < 1:
            raise InvalidInputError(f"batch is {batch}, at least 1 is needed")
        self._refuse_closed()
        if table not in self._places:
            raise StoreError(f"this view of {self._where} was opened without {table}")
        return self._read(self._places[table])

    def _read(self, places: Sequence[tuple[int, int]]) -> Iterator[list[Any]]:
        for at, length in places:
            self._file.seek(at)
            # This process wrote it, into a file that nobody else can open.
            page: list[Any] = marshal.loads(self._file.read(length))  # noqa: S302
            yield page

    def _guarded(self, parts: Iterator[list[Any]]) -> Iterator[list[Any]]:
        while True:
            self._refuse_closed()
            part = next(parts, None)
            if part is None:
                return
            yield part

    def _refuse_closed(self) -> None:
        if not self._open:
            raise StoreError(f"a view of {self._where} was used after it was closed")


def view(
    bolt: Bolt, namespace: str, tables: Sequence[str] | None = None, *, since: int = 0
) -> Neo4jReader:
    """Copy the namespace as it is now, or those of its `tables`, and open the copy.

    With `since`, of what was changed after that version.
    """
    with bolt.explained():
        key = digest(namespace)
    wanted = _Wanted(bolt.where, key, TABLES if tables is None else tables, since)
    copied = bolt.read(lambda tx: _copy(tx, wanted))
    if copied is None:
        copied = _copy_while_writers_wait(bolt, wanted)
    return copied


class _Wanted(NamedTuple):
    """What to copy: of a database, the namespace under `key`, its tables, after a version."""

    where: str
    key: str
    tables: Sequence[str]
    since: int


def _copy_while_writers_wait(bolt: Bolt, wanted: _Wanted) -> Neo4jReader:
    own = statements("scan")
    with (
        bolt.explained(),
        bolt.session(neo4j.WRITE_ACCESS) as session,
        session.begin_transaction() as tx,
    ):
        tx.run(own["hold"], key=wanted.key, token=secrets.token_hex(8)).consume()
        copied = _copy(tx, wanted)
        tx.rollback()
    assert copied is not None
    return copied


def _copy(tx: neo4j.ManagedTransaction | neo4j.Transaction, wanted: _Wanted) -> Neo4jReader | None:
    """The copy, or ``None`` if somebody wrote meanwhile."""
    before = _state(tx, wanted.key)
    source = _Source(tx, before, wanted.since)
    file = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115 - the reader's
    places: dict[str, list[tuple[int, int]]] = {}
    try:
        for table in wanted.tables:
            places[table] = []
            for page in _table(source, table):
                data = marshal.dumps(page, _PLAIN)
                places[table].append((file.tell(), len(data)))
                file.write(data)
        if _state(tx, wanted.key).version == before.version:
            removed = before.removed_in > wanted.since
            return Neo4jReader(wanted.where, before.version, file, places, removed=removed)
    except BaseException:
        file.close()
        raise
    file.close()
    return None


def _state(tx: Any, key: str) -> _State:
    found = rows(tx, statements("scan")["state"], key=key)
    if not found:
        return _State(None, 0, 0, 0, {})
    ((space, version, removed_in, generation, *last),) = found
    kinds = ("episodes", "passages", "entities", "facts")
    return _State(space, version, removed_in, generation, dict(zip(kinds, last, strict=True)))


class _Source:
    """Pages of rows as the server gives them: of all nodes, or of those changed since a version."""

    def __init__(self, tx: Any, state: _State, since: int) -> None:
        self._tx = tx
        self._state = state
        self._since = since
        self._changed: dict[str, list[int]] = {}

    def pages(self, table: str, columns: Sequence[str], *, owner: str = "n") -> Iterator[list[Any]]:
        """A table's rows in `columns`, which are the node's, or with `owner` the relation's."""
        if self._state.space is None:
            return
        size = _VECTOR_PAGE if table == VECTORS else _PAGE
        nodes = _STARTS.get(table, table)
        if self._since:
            yield from self._of(table, columns, self._nids(nodes), owner=owner, size=size)
            return
        statement = _statement(table, columns, owner, "n.nid > $after AND n.nid <= $upto")
        for after in range(0, self._state.last[nodes], size):
            page = self._listed(statement, after=after, upto=after + size)
            if page:
                yield page

    def episodes(self) -> dict[int, list[Any]]:
        """What passages show of their episodes, by ``nid``."""
        columns = ("nid", *_OF_EPISODE, "id")
        if self._since and self._state.space is not None:
            theirs: set[int] = set()
            for part in _parts(self._nids("passages"), _PAGE):
                theirs.update(self._listed(statements("scan")["their_episodes"], nids=part))
            pages = self._of("episodes", columns, sorted(theirs), owner="n", size=_PAGE)
        else:
            pages = self.pages("episodes", columns)
        return {nid: more for page in pages for nid, *more in page}

    def _nids(self, nodes: str) -> list[int]:
        if nodes not in self._changed:
            statement = statements("scan")[f"changed_{nodes}"]
            self._changed[nodes] = sorted(self._listed(statement, since=self._since))
        return self._changed[nodes]

    def _of(
        self, table: str, columns: Sequence[str], nids: list[int], *, owner: str, size: int
    ) -> Iterator[list[Any]]:
        statement = _statement(table, columns, owner, "n.nid IN $nids")
        for part in _parts(nids, size):
            page = self._listed(statement, nids=part)
            if page:
                yield page

    def _listed(self, statement: str, **parameters: Any) -> list[Any]:
        own = of_generation(statement, self._state.generation)
        return listed(self._tx, own, space=self._state.space, **parameters)


def _statement(table: str, columns: Sequence[str], owner: str, page: str) -> str:
    named = ", ".join(_expression(table, owner, column) for column in columns)
    return statements("scan")[table].replace("{columns}", named).replace("{page}", page)


def _parts(nids: list[int], size: int) -> Iterator[list[int]]:
    return (nids[at : at + size] for at in range(0, len(nids), size))


def _table(source: _Source, table: str) -> Iterator[list[Any]]:
    """Pages of a table, in the columns of ``SCANNABLE``."""
    if table == VECTORS:
        for page in source.pages(table, ()):
            yield [(nid, np.array(vector, dtype="<f4").tobytes()) for nid, vector in page]
    elif table == "passages":
        yield from _passages(source)
    elif table in _ENDS:
        yield from _relations(source, table)
    elif table in _LISTS:
        places = [SCANNABLE[table].index(column) for column in _LISTS[table]]
        for page in source.pages(table, SCANNABLE[table]):
            for row in page:
                for at in places:
                    row[at] = aliases_json(row[at]) if row[at] else "[]"
            yield page
    else:
        yield from source.pages(table, SCANNABLE[table])


def _passages(source: _Source) -> Iterator[list[Any]]:
    """Passages, with what is their episode's."""
    columns = SCANNABLE["passages"]
    own = [column for column in columns if column not in (*_OF_EPISODE, "episode_id")]
    places = {column: at for at, column in enumerate(own)}
    inherited = {column: at for at, column in enumerate((*_OF_EPISODE, "episode_id"))}
    episode_at = places["episode_nid"]
    sources = [
        (column in places, places.get(column, inherited.get(column, 0))) for column in columns
    ]
    forgotten_at, retired_at = places["forgotten_at"], columns.index("retired_at")
    episodes = source.episodes()
    for page in source.pages("passages", own):
        made = []
        for row in page:
            episode = episodes[row[episode_at]]
            values = [row[at] if is_own else episode[at] for is_own, at in sources]
            if row[forgotten_at] is not None:
                ends = (row[forgotten_at], values[retired_at])
                values[retired_at] = min(end for end in ends if end is not None)
            made.append(values)
        yield made


def _relations(source: _Source, table: str) -> Iterator[list[Any]]:
    ends = _ENDS[table]
    columns = [column for column in SCANNABLE[table] if column not in ends]
    order = [(*ends, *columns).index(column) for column in SCANNABLE[table]]
    is_plain = order == list(range(len(order))) and table != "roles"
    order_key = _order_of(table, (*ends, *columns))
    for page in source.pages(table, columns, owner="r"):
        page.sort(key=order_key)
        yield page if is_plain else [[row[at] for at in order] for row in page]


def _order_of(table: str, columns: Sequence[str]) -> Any:
    """The order of a table's rows: as the port says by ``nid``, and the same every time."""
    if table == "roles":
        return lambda row: (row[0], row[-1])
    keys = {
        "mentions": ("passage_nid", "start", "end", "entity_nid", "surface"),
        "evidence": ("fact_nid", "passage_nid", "start", "end"),
        "discourse": ("source_nid", "target_nid", "sense", "connective"),
        "supersessions": ("newer_nid", "older_nid"),
        "same_as": ("left_nid", "right_nid", "by"),
    }[table]
    places = [columns.index(key) for key in keys]
    return lambda row: [(-1 if row[at] is None else row[at]) for at in places]


def _expression(table: str, owner: str, column: str) -> str:
    """What a column is on the server; the name is one of ``SCANNABLE``."""
    if table == "mentions" and column in {"start", "end"}:
        return f"nullIf({owner}.`{column}`, {NO_OFFSET})"
    if table == "passages" and column == "recalls":
        return f"coalesce({owner}.recalls, 0)"
    if table == "discourse" and column == "passage_nid":
        return f"head(COLLECT {{ MATCH (p:Passage {{id: {owner}.passage_id}}) RETURN p.nid }})"
    return f"{owner}.`{column}`"


def _in_batches(pages: Iterator[list[Any]], batch: int) -> Iterator[list[Any]]:
    """The rows of the pages in lists of `batch`, the last one shorter."""
    rest: list[Any] = []
    for page in pages:
        rest += page
        at = 0
        while len(rest) - at >= batch:
            yield rest[at : at + batch]
            at += batch
        rest = rest[at:]
    if rest:
        yield rest
