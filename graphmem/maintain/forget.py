"""Forgetting by policy: how much of each passage is retained, and which of them go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from graphmem.errors import InvalidInputError
from graphmem.index.lexical import content_stems
from graphmem.kernels.forgetting import Floats, information, retention, strength
from graphmem.model.forgetting import Faded, Policy
from graphmem.model.time import to_micros
from graphmem.ports.store import GraphStore, StoreReader, scanned

_DAY = 24 * 60 * 60 * 1_000_000


class _Kept(NamedTuple):
    """The living passages of a namespace, in parallel, and what is retained of each."""

    ids: list[str]
    age_days: Floats
    recalls: Floats
    strength_days: Floats
    retention: Floats


class Choice(NamedTuple):
    """What a policy looks at, and what it forgets: the least retained first."""

    looked_at: int
    faded: tuple[Faded, ...]


def choose(store: GraphStore, namespace: str, policy: Policy, *, now: datetime) -> Choice:
    """Which passages a policy forgets at `now`.

    Raises
    ------
    InvalidInputError
        The policy says nothing of what to forget.
    """
    if policy.at_most is None and policy.share is None and policy.below is None:
        raise InvalidInputError(
            "The policy forgets nothing",
            remedy="Set at_most, a share, or a retention below which passages are forgotten",
        )
    with store.read(namespace, ("passages",)) as reader:
        kept = _kept(reader, policy, now)
    n = len(kept.ids)
    order = np.lexsort((np.arange(n), kept.retention))
    wanted = max(
        0 if policy.at_most is None else n - policy.at_most,
        0 if policy.share is None else round(n * policy.share),
        0 if policy.below is None else int((kept.retention < policy.below).sum()),
    )
    old = [int(row) for row in order if kept.age_days[row] >= policy.min_age_days]
    chosen = old[:wanted]
    passages = store.passages([kept.ids[row] for row in chosen])
    episodes = store.episodes([passage.episode_id for passage in passages.values()])
    return Choice(
        n,
        tuple(
            Faded(
                id=kept.ids[row],
                source=episodes[passages[kept.ids[row]].episode_id].source,
                text=passages[kept.ids[row]].text,
                retention=float(kept.retention[row]),
                age_days=float(kept.age_days[row]),
                strength_days=float(kept.strength_days[row]),
                recalls=int(kept.recalls[row]),
            )
            for row in chosen
        ),
    )


def forgotten(store: GraphStore, namespace: str, *, before: datetime | None = None) -> list[str]:
    """Ids of the passages that were forgotten and not taken back; of those that were forgotten
    before a moment, if one is given, also the ones that they had been taken back from."""
    bound = to_micros(before)
    found: list[str] = []
    for same in _copies(store, namespace):
        at = same[-1].forgotten_at
        if at is not None and bound is None:
            found.append(same[-1].id)
        elif at is not None and bound is not None and at < bound:
            found.extend(passage.id for passage in same)
    return found


def with_copies(store: GraphStore, namespace: str, passage_ids: Iterable[str]) -> list[str]:
    """The passages with all others that are the same place of the same source, forgotten or taken
    back: whoever erases the words of one means them all. Sorted."""
    wanted = set(passage_ids)
    return sorted(
        wanted.union(
            *(
                ids
                for same in _copies(store, namespace)
                if not wanted.isdisjoint(ids := {passage.id for passage in same})
            )
        )
    )


class _Copy(NamedTuple):
    """A passage, as one of those that are the same place of the same source."""

    id: str
    forgotten_at: int | None


def _copies(store: GraphStore, namespace: str) -> Iterator[list[_Copy]]:
    """The passages by what place of which source they are, each list in the order of recording."""
    with store.read(namespace, ("episodes", "passages")) as reader:
        digests = dict(scanned(reader, "episodes", "nid", "digest"))
        columns = ("id", "forgotten_at", "source", "episode_nid", "ordinal", "start", "end")
        same: dict[tuple[object, ...], list[_Copy]] = {}
        for id_, at, source, episode, *place in scanned(reader, "passages", *columns):
            key = (source, digests[episode], *place)
            same.setdefault(key, []).append(_Copy(id_, at))
    yield from same.values()


def purge_before(policy: Policy, now: datetime) -> datetime:
    """What was forgotten before this moment is not kept any more."""
    return now - timedelta(days=policy.keep_days)


def _kept(reader: StoreReader, policy: Policy, now: datetime) -> _Kept:
    moment = to_micros(now)
    assert moment is not None
    ids: list[str] = []
    ages: list[float] = []
    recalls: list[int] = []
    terms: list[int] = []
    owners: list[int] = []
    vocabulary: dict[str, int] = {}
    for id_, text, since, times in _living(reader):
        terms.extend(vocabulary.setdefault(stem, len(vocabulary)) for stem in content_stems(text))
        owners.extend([len(ids)] * (len(terms) - len(owners)))
        ids.append(id_)
        ages.append(max(moment - since, 0) / _DAY)
        recalls.append(times)
    told = information(np.array(terms, np.int64), np.array(owners, np.int64), len(ids))
    age_days, times_recalled = np.array(ages), np.array(recalls, np.float64)
    strength_days = strength(policy.strength_days, told, times_recalled)
    return _Kept(ids, age_days, times_recalled, strength_days, retention(age_days, strength_days))


def _living(reader: StoreReader) -> Iterator[tuple[str, str, int, int]]:
    """Id and text of what is neither retired nor forgotten, when it was last met, and how often."""
    columns = ("id", "text", "occurred_at", "recorded_at", "retired_at")
    rows = scanned(reader, "passages", *columns, "recalls", "last_recalled_at")
    for id_, text, occurred_at, recorded_at, retired_at, times, recalled_at in rows:
        if retired_at is None:
            said = recorded_at if occurred_at is None else occurred_at
            yield id_, text, max(said, recalled_at or said), times
