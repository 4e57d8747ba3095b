"""Communities of entities that share facts: drawn anew where facts have changed, kept elsewhere."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from graphmem.graph.snapshot import OPEN_END, Snapshot
from graphmem.kernels.arrays import Ints
from graphmem.model.ids import Kind, content_id
from graphmem.model.summary import Community
from graphmem.ports.analytics import Partitioner

RESOLUTIONS: Final = (0.5, 2.0, 8.0)
"""From few large communities to many small ones."""
SMALLEST: Final = 3
"""Members from which a group is a community."""
_SAME: Final = 0.5
"""The share of members in common from which a community is the one that it was."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Communities now: `kept` as they were, `changed` and new ones without a text of this state,
    and ids of those that are `gone`."""

    kept: tuple[Community, ...]
    changed: tuple[Community, ...]
    gone: tuple[str, ...]


def projection(snapshot: Snapshot) -> sp.csr_array:
    """Believed facts that two entities share, shape (n_entities, n_entities), zero diagonal."""
    facts = snapshot.facts
    n = len(snapshot.entities.ids)
    owners = np.repeat(np.arange(len(facts.ids)), np.diff(facts.member_indptr))
    living = facts.retired_at[owners] == OPEN_END
    incidence = _ones(facts.members[living], owners[living], (n, len(facts.ids)))
    shared = sp.csr_array(incidence @ incidence.T)
    shared.setdiag(0)
    shared.eliminate_zeros()
    return shared


def draw(
    snapshot: Snapshot,
    before: Sequence[Community],
    partition: Partitioner,
    *,
    namespace: str,
    resolutions: Sequence[float] = RESOLUTIONS,
    told: Collection[str] = (),
) -> Drawn:
    """Communities of the snapshot's entities at each resolution.

    Those `before` are where the search for them begins, so that they stay where nothing has
    changed. One that keeps half of its members, and is half of what it has become, keeps its id.
    The text of one that stays is stale if one of the facts that were `told`, or have changed, since
    is among its members.
    """
    ids = snapshot.entities.ids
    row_of = {ids[row]: row for row in range(len(ids))}
    weights = projection(snapshot)
    joined = np.flatnonzero(np.diff(weights.indptr))
    inner = sp.csr_array(weights[joined][:, joined])
    degrees = np.asarray(weights.sum(axis=1)).ravel()
    kept, changed = [], []
    used: set[str] = set()
    taken = {community.id for community in before}
    for level, resolution in enumerate(resolutions):
        old = [c for c in before if c.level == level and c.resolution == resolution]
        groups = _groups(inner, joined, partition, resolution, _numbers(old, row_of, len(ids)))
        news = _told_among(snapshot, told, groups)
        for place, members in enumerate(groups):
            ordered = sorted(members, key=lambda row: (-degrees[row], row))
            now = tuple(ids[row] for row in ordered)
            same = _same(now, [c for c in old if c.id not in used])
            if same is not None:
                used.add(same.id)
            if same is not None and set(same.members) == set(now):
                if place in news and not same.stale:
                    changed.append(same.model_copy(update={"stale": True}))
                else:
                    kept.append(same)
                continue
            made = Community(
                id=same.id if same else _id(namespace, level, now, taken | used),
                level=level,
                resolution=resolution,
                members=now,
            )
            used.add(made.id)
            changed.append(made)
    gone = tuple(c.id for c in before if c.id not in used)
    return Drawn(tuple(kept), tuple(changed), gone)


def passages_about(
    snapshot: Snapshot, groups: Sequence[Sequence[str]], *, limit: int
) -> list[list[str]]:
    """For each group of entities, ids of the passages that state most facts among its members."""
    row_of, facts = snapshot.entities.ids.row_of, snapshot.facts
    n_facts, n_passages = len(facts.ids), len(snapshot.passages.ids)
    held = [[row_of[id_] for id_ in dict.fromkeys(group) if id_ in row_of] for group in groups]
    grouping = _ones(
        np.repeat(np.arange(len(groups)), [len(rows) for rows in held]),
        np.array([row for rows in held for row in rows], np.int64),
        (len(groups), len(row_of)),
    )
    owners = np.repeat(np.arange(n_facts), np.diff(facts.member_indptr))
    believed = facts.retired_at[owners] == OPEN_END
    incidence = _ones(facts.members[believed], owners[believed], (len(row_of), n_facts))
    among = sp.csr_array(grouping @ incidence)
    among.data[among.data < 2] = 0.0
    living = snapshot.passages.retired_at[facts.evidence_passages] == OPEN_END
    evidence = _ones(
        facts.evidence_facts[living], facts.evidence_passages[living], (n_facts, n_passages)
    )
    told = sp.csr_array(among @ evidence)
    found = []
    for group in range(len(groups)):
        own = slice(told.indptr[group], told.indptr[group + 1])
        scores, rows = told.data[own], told.indices[own]
        best = np.lexsort((rows, -scores))[:limit]
        found.append([snapshot.passages.ids[int(rows[at])] for at in best if scores[at] > 0])
    return found


def _ones(rows: npt.ArrayLike, columns: npt.ArrayLike, shape: tuple[int, int]) -> sp.csr_array:
    """A matrix with 1 where it has an entry, however often that is given."""
    pairs = (np.asarray(rows, np.int64), np.asarray(columns, np.int64))
    made = sp.csr_array((np.ones(len(pairs[0])), pairs), shape=shape)
    made.sum_duplicates()
    made.data[:] = 1.0
    return made


def _groups(
    weights: sp.csr_array,
    rows: Ints,
    partition: Partitioner,
    resolution: float,
    initial: Ints | None,
) -> list[list[int]]:
    """Rows of entities by community, the largest first; small ones left out."""
    if not len(rows):
        return []
    begin = None if initial is None else initial[rows]
    membership = partition(weights, resolution=resolution, initial=begin)
    found: defaultdict[int, list[int]] = defaultdict(list)
    for row, group in zip(rows.tolist(), membership.tolist(), strict=True):
        found[group].append(row)
    large = [members for members in found.values() if len(members) >= SMALLEST]
    return sorted(large, key=lambda members: (-len(members), members[0]))


def _told_among(
    snapshot: Snapshot, told: Collection[str], groups: Sequence[Sequence[int]]
) -> set[int]:
    """Places of the groups of which one of the facts has two members."""
    place_of = {row: place for place, members in enumerate(groups) for row in members}
    facts, row_of = snapshot.facts, snapshot.facts.ids.row_of if told else {}
    found: set[int] = set()
    for row in (row_of[id_] for id_ in told if id_ in row_of):
        members = set(facts.members[facts.member_indptr[row] : facts.member_indptr[row + 1]])
        held = Counter(place_of[int(one)] for one in members if int(one) in place_of)
        found.update(place for place, n in held.items() if n > 1)
    return found


def _numbers(old: Sequence[Community], row_of: Mapping[str, int], n: int) -> Ints | None:
    """The community of each entity before; whoever had none is one alone."""
    if not old:
        return None
    numbers = np.arange(n, dtype=np.int64) + len(old)
    for number, community in enumerate(old):
        numbers[[row_of[id_] for id_ in community.members if id_ in row_of]] = number
    return numbers


def _same(members: Sequence[str], old: Sequence[Community]) -> Community | None:
    now = set(members)
    best, most = None, 0.0
    for community in old:
        common = len(now & set(community.members))
        share = min(common / len(now), common / max(1, len(community.members)))
        if share >= _SAME and share > most:
            best, most = community, share
    return best


def _id(namespace: str, level: int, members: Sequence[str], used: set[str]) -> str:
    """Addressed by what it begins with; whoever comes second is numbered."""
    number = 0
    while True:
        made = content_id(Kind.COMMUNITY, namespace, str(level), members[0], str(number))
        if made not in used:
            return made
        number += 1
