"""What became of what was stated: histories, and taking back what a revision did."""

from __future__ import annotations

from graphmem.errors import NotFoundError
from graphmem.maintain.history import history_of, statement_of
from graphmem.model.change import ChangeSet, Revision
from graphmem.model.history import UNDONE, History
from graphmem.model.knowledge import Supersession
from graphmem.model.states import StateRule
from graphmem.stages.learning import learned_in, states_in
from graphmem.stages.revising import revise
from graphmem.verbs.bound import Bound


class Beliefs(Bound):
    """Methods about how beliefs came about."""

    def history(self, fact_id: str) -> History:
        """When a fact was stated, what it was believed to be, and what changed that and why.

        Raises
        ------
        NotFoundError
            The memory holds no such fact.
        """
        return history_of(self._parts.store, fact_id)

    def states(self) -> list[StateRule]:
        """What can be said to change here: the states that are known, those of the settings' file,
        and those that consolidation has learned of this memory, with what shows them."""
        learned = learned_in(self._parts.store, self.namespace)
        return self._parts.states.rules(learned if self._parts.learns_states else ())

    def undo(self, fact_id: str, *, by: str) -> tuple[Revision, ...]:
        """Take back what the fact `by` did to a belief, now and for good; see :meth:`history`.

        What was believed until now stays readable by ``known_at``. Returns what follows.

        Raises
        ------
        NotFoundError
            The memory holds no such fact, or `by` did nothing to it.
        """
        store = self._parts.store
        history = history_of(store, fact_id)
        actor = statement_of(store, by)
        if all(
            event.by is None or statement_of(store, event.by) != actor for event in history.events
        ):
            raise NotFoundError(
                f"{by!r} did nothing to {fact_id!r}",
                remedy="`graphmem history` lists what did",
            )
        now = self._parts.clock()
        pair = Supersession(
            newer_id=history.statement.id, older_id=actor, reason=f"{UNDONE} {now.isoformat()}"
        )
        revised = revise(
            store,
            ChangeSet(namespace=self.namespace, supersessions=(pair,)),
            states=states_in(self._parts, self.namespace),
            same=lambda id: self._names.one(id)[0],
            now=now,
            also=[history.statement],
            restated=[history.statement.id],
        )
        store.apply(revised.changes)
        return revised.revisions
