"""Taking erased words out of a server's transaction logs, as far as a client of it can.

No statement of Neo4j's free edition ends a transaction log or prunes it: a log ends once it is
full, and a checkpoint removes those that ended before it where the server is told to keep none.
So a log is filled where it is small, as in the servers that graphmem starts. Store files and
indexes are out of reach: what is removed there stays until the server writes over it.
"""

from __future__ import annotations

import re
from typing import Final

from graphmem.adapters.bolt import Bolt, rows
from graphmem.adapters.stores.neo4j.statements import statements

_OWN: Final = statements("compact")
_BYTES: Final = {"KiB": 1 << 10, "MiB": 1 << 20}
_MOST: Final = 4 << 20
"""Bytes of a log up to which it is filled."""
_PIECE: Final = 2000
_ROUNDS: Final = 2
"""Each fills two logs; of those that ended, a checkpoint was seen to keep up to two."""
_FILES: Final = (
    "its store files and indexes until it uses their room again, and its backups. Only a new"
    " database is sure to hold none: graphmem export, and graphmem import there"
)


def compact(bolt: Bolt) -> str:
    """Fill the transaction log of a server that keeps none; says where words may be left."""
    size = bolt.read(lambda tx: _log_size(dict(rows(tx, _OWN["settings"]))))
    if size is None:
        return (
            "The Neo4j server's own files may hold the words still: its transaction logs until they"
            " are full and pruned by a checkpoint (db.tx_log.rotation.size and retention_policy),"
            f" {_FILES}"
        )
    times = size // _PIECE + 1
    for _ in range(_ROUNDS):
        bolt.write(lambda tx: rows(tx, _OWN["fill"], times=times, text="0" * _PIECE))
        bolt.write(lambda tx: rows(tx, _OWN["empty"]))
    return (
        "The Neo4j server's own files may hold the words still: its transaction logs until its next"
        f" checkpoint (every few minutes, and when it stops), {_FILES}"
    )


def _log_size(settings: dict[str, str]) -> int | None:
    """Bytes of a transaction log; ``None`` where logs are kept, large, or not to be asked about."""
    kept = settings.get("db.tx_log.rotation.retention_policy")
    written = re.fullmatch(r"([\d.]+)(\w+)", settings.get("db.tx_log.rotation.size", ""))
    if kept != "keep_none" or not written or written[2] not in _BYTES:
        return None
    size = int(float(written[1]) * _BYTES[written[2]])
    return size if size <= _MOST else None
