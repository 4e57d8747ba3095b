"""Forgetting by policy: how much of each passage is retained, and which of them go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from graphmem.errors import InvalidInputError
from graphmem.index.lexical import content_stems
from graphmem.kernels.forgetting import Floats, information, retention, strength
from graphmem.model.forgetting import Faded, Policy
from graphmem.model.time import to_micros
from graphmem.ports.store import GraphStore, StoreReader

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
    """Ids of the passages that were forgotten, those before a moment if one is given."""
    bound = to_micros(before)
    with store.read(namespace, ("passages",)) as reader:
        return [
            id_
            for rows in reader.scan("passages", ("id", "forgotten_at"))
            for id_, at in rows
            if at is not None and (bound is None or at < bound)
        ]


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
    for rows in reader.scan("passages", (*columns, "recalls", "last_recalled_at")):
        for id_, text, occurred_at, recorded_at, retired_at, times, recalled_at in rows:
            if retired_at is None:
                said = recorded_at if occurred_at is None else occurred_at
                yield id_, text, max(said, recalled_at or said), times
