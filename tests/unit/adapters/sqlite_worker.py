"""A process that works on a memory until it has finished or is killed; started by the tests.

``python sqlite_worker.py FOLDER write NAME COUNT [FILE_SIZE_LIMIT]`` commits batches and prints the
number of each once it is committed. ``... delete NAME COUNT`` deletes each of them again right
away. ``... FOLDER make`` makes memories in numbered folders.
"""

from __future__ import annotations

import resource
import sys
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from graphmem.adapters.stores.sqlite import SqliteStore
from graphmem.errors import StoreFullError
from graphmem.model.change import ChangeSet, Checkpoint
from graphmem.model.ids import Kind, content_id
from graphmem.model.knowledge import Entity, Evidence, Fact, Member, Mention
from graphmem.model.source import Episode, EpisodeKind, Passage

NOW = datetime(2024, 5, 1, tzinfo=UTC)
PASSAGES = 20
NAMES = 30


def open_store(folder: Path, *, create: bool = True, **options: Any) -> SqliteStore:
    """With a clock that stands still."""
    return SqliteStore.open(folder, create=create, clock=lambda: NOW, **options)


def source_of(name: str, number: int) -> str:
    """The one source of a batch."""
    return f"{name}:{number}"


def batch(name: str, number: int) -> ChangeSet:
    """An episode of 20 passages with a fact each; batches share their entities."""
    source = source_of(name, number)
    episode = Episode(
        id=content_id(Kind.EPISODE, source),
        namespace="default",
        source=source,
        title=source,
        kind=EpisodeKind.DOCUMENT,
        occurred_at=None,
        recorded_at=NOW,
        digest=source,
    )
    entities = [
        Entity(id=content_id(Kind.ENTITY, f"name {n}"), name=f"name {n}", aliases=(source,))
        for n in range(number % 7, NAMES, 7)
    ]
    texts = [f"passage {n} of {source} " + "text " * 200 for n in range(PASSAGES)]
    passages = [
        Passage(
            id=content_id(Kind.PASSAGE, text),
            episode_id=episode.id,
            text=text,
            start=0,
            end=len(text),
            ordinal=n,
            vector_key=Passage.key_of(text),
        )
        for n, text in enumerate(texts)
    ]
    facts = [
        Fact(
            id=content_id(Kind.FACT, text),
            text=text,
            predicate="says",
            members=tuple(Member(role="of", entity_id=e.id, text=e.name) for e in entities[:3]),
            recorded_at=NOW,
        )
        for text in texts
    ]
    return ChangeSet(
        namespace="default",
        episodes=(episode,),
        passages=tuple(passages),
        entities=tuple(entities),
        mentions=tuple(
            Mention(passage_id=p.id, entity_id=e.id, surface=e.name)
            for p in passages
            for e in entities
        ),
        facts=tuple(facts),
        evidence=tuple(
            Evidence(fact_id=f.id, passage_id=p.id, start=0, end=7)
            for f, p in zip(facts, passages, strict=True)
        ),
        checkpoint=Checkpoint(job=name, position=str(number)),
    )


def say(what: object) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def write(folder: Path, name: str, last: int, limit: int | None) -> None:
    """Commit the batches up to `last` that the checkpoint says are missing.

    With a `limit` in bytes on the size of files, "full" is printed when it is met, and the limit
    lifted.
    """
    store = open_store(folder)
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    done = store.checkpoint(name)
    for number in range(0 if done is None else int(done) + 1, last):
        try:
            store.apply(batch(name, number))
        except StoreFullError as error:
            say(f"full {error}")
            resource.setrlimit(
                resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            )
            store.apply(batch(name, number))
        say(number)
    store.close()


def delete(folder: Path, name: str, last: int) -> None:
    """Commit batches and delete each at once."""
    store = open_store(folder)
    for number in range(last):
        store.apply(batch(name, number))
        removed = store.delete_source("default", source_of(name, number))
        say(removed.passages)
    store.close()


def make(folder: Path) -> None:
    """Make memories until killed."""
    for number in count():
        open_store(folder / str(number)).close()
        say(number)


if __name__ == "__main__":
    place, mode, *rest = sys.argv[1:]
    if mode == "make":
        make(Path(place))
    elif mode == "delete":
        delete(Path(place), rest[0], int(rest[1]))
    else:
        write(Path(place), rest[0], int(rest[1]), int(rest[2]) if len(rest) > 2 else None)
