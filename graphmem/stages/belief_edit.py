"""Beliefs as a batch changes them: what is retired, and the versions that take its place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from graphmem.model.change import ChangeSet, Operation, Revision
from graphmem.model.history import Reason
from graphmem.model.ids import version_id
from graphmem.model.knowledge import DiscourseLink, Evidence, Fact, Supersession
from graphmem.ports.store import GraphStore
from graphmem.resolve.revise import Cause, Span, Verdict
from graphmem.stages.known_states import Around


class BeliefEdit:
    """A batch as it takes up what follows from it."""

    def __init__(
        self, around: Around, changes: ChangeSet, given: Mapping[str, Fact], now: datetime
    ) -> None:
        self._around = around
        self._changes = changes
        self._facts = dict(given)
        self._now = now
        self._stated = frozenset(given)
        self._retired: dict[str, datetime] = {}
        self._versions: dict[str, Fact] = {}
        self._of_version: dict[str, str] = {}
        self._evidence: list[Evidence] = []
        self._links: dict[tuple[str, str], str] = {}
        self._discourse: list[DiscourseLink] = []
        self._reinforced: set[str] = set()
        self.revisions: list[Revision] = []

    def settle(self, root: str, verdict: Verdict) -> None:
        """Have a statement be believed as it is found that it is to be."""
        around = self._around
        fact = around.facts[root]
        is_held = root in around.held
        living = {
            _span(around.facts[id]): id
            for id in around.family(root)
            if around.facts[id].retired_at is None
        }
        if is_held and fact.retired_at is not None:
            self._facts.pop(root, None)
        elif not is_held and _span(fact) in verdict.spans:
            living[_span(fact)] = root
        elif not is_held:
            self._facts[root] = fact.model_copy(update={"retired_at": fact.recorded_at})
        made = None
        for span, id in living.items():
            if span not in verdict.spans:
                self._retired[id] = self._now
            elif id in around.held and id != root:
                self._state_again(root, id)
        for span in verdict.spans:
            if span not in living:
                made = self._version(fact, span, verdict.causes)
        is_changed = made is not None or any(span not in verdict.spans for span in living)
        self._tell(root, verdict.causes, made, living, is_changed=is_changed or not is_held)
        if is_held and root in self._stated:
            self._reinforced.update(id for span, id in living.items() if span in verdict.spans)

    def _state_again(self, root: str, version: str) -> None:
        """What states a fact anew in this batch also states its version."""
        self._evidence.extend(
            item.model_copy(update={"fact_id": version})
            for item in self._changes.evidence
            if item.fact_id == root
        )

    def _version(self, fact: Fact, span: Span, causes: Sequence[Cause]) -> str:
        # By their number, not by times that may be the clock's: a job that was killed and goes on
        # makes the same graph.
        made = sum(root == fact.id for root in self._of_version.values())
        id = version_id(fact.id, len(self._around.family(fact.id)) + made)
        self._versions[id] = fact.model_copy(
            update={
                "id": id,
                "valid_from": span[0],
                "valid_to": span[1],
                "recorded_at": self._now,
                "retired_at": None,
            }
        )
        self._of_version[id] = fact.id
        self._evidence.extend(
            item.model_copy(update={"fact_id": id}) for item in self._around.evidence[fact.id]
        )
        cause = causes[0] if causes else Cause(Operation.ADD, "stated again", fact.id, fact.text)
        self._links[id, fact.id] = _reason(cause, is_version=True)
        return id

    def _tell(
        self,
        root: str,
        causes: Sequence[Cause],
        made: str | None,
        living: Mapping[Span, str],
        *,
        is_changed: bool,
    ) -> None:
        """Link what acted upon a belief to it, and list it."""
        standing = made or next(iter(living.values()), root)
        known = {(link.newer_id, link.older_id) for link in self._around.links}
        for cause in causes:
            is_detail = cause.operation is Operation.UPDATE and made is None
            if not is_changed and not (is_detail and (cause.by, standing) not in known):
                continue
            if cause.by == standing:
                continue
            self._links.setdefault((cause.by, standing), _reason(cause))
            if any((cause.by, id) in known for id in self._around.family(root)):
                continue  # what it did is known; it does it to the new version too
            self.revisions.append(
                Revision(
                    operation=cause.operation,
                    rule=cause.rule,
                    fact_id=root,
                    by=cause.by,
                    reason=cause.reason,
                    version_id=made,
                )
            )

    def link_discourse(self, store: GraphStore) -> None:
        """Links of statements whose place a version takes are links of the version."""
        if not self._of_version:
            return
        roots = set(self._of_version.values())
        stored = store.discourse_of(sorted(roots & self._around.held))
        versions: defaultdict[str, list[str]] = defaultdict(list)
        for version, root in self._of_version.items():
            versions[root].append(version)
        for link in (*stored, *self._changes.discourse):
            for source in versions.get(link.source_id, [link.source_id]):
                for target in versions.get(link.target_id, [link.target_id]):
                    if (source, target) != (link.source_id, link.target_id):
                        update = {"source_id": source, "target_id": target}
                        self._discourse.append(link.model_copy(update=update))

    def reinforce(self, fact_ids: Iterable[str]) -> None:
        """Facts that are stated again, and believed as they are."""
        self._reinforced.update(fact_ids)

    def changes(self) -> ChangeSet:
        """The batch with all of it."""
        changes = self._changes
        links = [
            Supersession(newer_id=newer, older_id=older, reason=reason)
            for (newer, older), reason in self._links.items()
        ]
        return changes.model_copy(
            update={
                "facts": (*self._facts.values(), *self._versions.values()),
                "evidence": (*changes.evidence, *self._evidence),
                "discourse": (*changes.discourse, *self._discourse),
                "supersessions": (*changes.supersessions, *links),
                "retired_facts": {**changes.retired_facts, **self._retired},
                "reinforced": tuple(sorted(self._reinforced - self._retired.keys())),
            }
        )


def _span(fact: Fact) -> Span:
    return fact.valid_from, fact.valid_to


def _reason(cause: Cause, *, is_version: bool = False) -> str:
    return str(Reason(cause.operation, cause.rule, cause.reason, is_version))
