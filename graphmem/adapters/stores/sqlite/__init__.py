"""The embedded store: one SQLite file that is the truth of a memory."""

from graphmem.adapters.stores.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
