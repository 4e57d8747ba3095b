"""A memory in time: what is told of someone or something, in order."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from graphmem.errors import InvalidInputError, NotFoundError
from graphmem.graph.persona import aspects_of, tasks_of
from graphmem.maintain.consolidate import Changed, Made, Step, consolidate
from graphmem.maintain.transfer import Progress, silent
from graphmem.model.consolidation import ConsolidationReport, StepReport
from graphmem.model.retrieval import FactFilter, Filter
from graphmem.model.source import Passage
from graphmem.model.time import Interval, parse_interval
from graphmem.model.timeline import Profile, Task, Timeline
from graphmem.stages.consolidating import steps_of
from graphmem.stages.inputs import Time, When, fact_filter_of, query_of
from graphmem.stages.telling import entities_called, events_of, timeline_of
from graphmem.verbs.bound import Bound

_SUMMARIES: Final = 16
"""Summaries that are made anew between two looks at the time."""


class Times(Bound):
    """Methods that set what is known in time."""

    def consolidate(
        self,
        *,
        budget_seconds: float | None = None,
        progress: Progress = silent,
    ) -> ConsolidationReport:
        """Work over what was learned since the last time, as a sleeper does.

        Names that are one by what is known by now are linked (:meth:`unmerge` takes a link back,
        and what was unmerged by hand stays so). Sessions are linked where one goes on from another.
        What facts say together becomes facts of its own, marked as derived, with its premises; it
        is taken back when they are. Notes on entities (:class:`Entity`'s `profile`) follow, and
        summaries that are stale are made anew.

        A run that was stopped or killed goes on where it was.

        Parameters
        ----------
        budget_seconds
            When to stop, to the next piece of work; as long as it takes by default.

        Raises
        ------
        InvalidInputError
            A budget that is not positive.
        StoreBusyError
            Somebody else keeps writing what is to be written.
        """
        if budget_seconds is not None and not budget_seconds > 0:
            raise InvalidInputError(f"A budget of {budget_seconds} seconds allows for nothing")
        parts = self._parts
        return consolidate(
            parts.store,
            self.namespace,
            (
                *steps_of(
                    parts.store,
                    self._names,
                    parts.clock,
                    states=parts.states,
                    learns=parts.learns_states,
                ),
                Step("summaries", self._refresh_summaries, whole=True),
            ),
            budget=budget_seconds,
            tick=time.monotonic,
            told=progress,
        )

    def profile(
        self, of: str, *, as_of: When | None = None, known_at: When | None = None
    ) -> Profile:
        """What lasts of an entity: origin, home, family, work, likes and so on, with the facts.

        What is over, superseded, planned or denied is not in it, with a time what was so then;
        parameters and errors are those of
        :meth:`timeline`, but that `of` has to be an entity.
        """
        found = self.timeline(of, as_of=as_of, known_at=known_at)
        ids = entities_called(self._parts.store, self._names, of)
        if not ids:
            raise NotFoundError(
                f"Namespace {self.namespace!r} holds no entity {of!r}",
                remedy="A topic has a timeline, but no profile",
            )
        one = self._names.standing_for(ids)
        held = self._parts.store.entities(ids).values()
        return Profile(
            of=of,
            entities=found.entities,
            type=next((entity.type.value for entity in held if entity.type != "other"), "other"),
            aliases=tuple(sorted({alias for entity in held for alias in entity.aliases})),
            note=" ".join(entity.profile for entity in held if entity.profile),
            aspects=aspects_of(
                found.entries,
                frozenset({*ids, *one.values()}),
                is_of_now=as_of is None and known_at is None,
            ),
        )

    def tasks(
        self, of: str, *, as_of: When | None = None, known_at: When | None = None
    ) -> tuple[Task, ...]:
        """What an entity plans, or what is planned about a topic, with how far it has come.

        A plan is done once a later session tells that it came about, dropped once it was ended.
        What is done in order to do another thing is a step of it. Errors as :meth:`timeline`.
        """
        return tasks_of(self.timeline(of, as_of=as_of, known_at=known_at).entries)

    def events(self, session: str) -> tuple[tuple[Passage, ...], ...]:
        """A session of a chat in the events that it falls into, by surprise and shift of topic.

        Raises
        ------
        NotFoundError
            The namespace holds no such session.
        """
        return events_of(self._parts.store, self.namespace, session)

    def _refresh_summaries(self, _: Changed) -> Made:
        made = self._summarising.refresh(most=_SUMMARIES).texts
        return Made(StepReport(looked_at=made, added=made), more=made > 0)

    def timeline(
        self,
        of: str,
        since: Time | None = None,
        until: Time | None = None,
        *,
        as_of: When | None = None,
        known_at: When | None = None,
        where: FactFilter | Mapping[str, Any] | None = None,
    ) -> Timeline:
        """What is told of an entity or a topic, in the order in which it held.

        Facts stand by their valid time, or else by when they were told; those with neither come
        last. What says the same is one entry with all of its places; what was superseded says by
        what. Entries are tied to what caused, followed or answered them, and across sessions to
        what they extend, change or fulfil.

        Parameters
        ----------
        of
            An entity by its id, name or alias, with all that it is held to be one with; if there
            is none, words that facts have in common.
        since, until
            Keep what held or was told in ``[since, until)``; a day, month or year counts whole, so
            ``until="2023"`` is to the end of that year. What has no time is left out then.
        as_of
            Keep what held, or may have, at that time, or at some time of a range
            (``"2019..2021"``).
        known_at
            What the memory believed at that time, or at some time of a range.
        where
            A :class:`FactFilter` or its fields: keep such facts.

        Raises
        ------
        NotFoundError
            The namespace tells of no such entity or topic; the remedy names those like it.
        InvalidInputError
            Nothing was asked for, a time does not read as one, or nothing is to be filtered by what
            `where` names.
        """
        if not of.strip():
            raise InvalidInputError("A timeline needs an entity or a topic")
        query = query_of(
            of,
            namespace=self.namespace,
            as_of=as_of,
            known_at=known_at,
            where=Filter(fact=fact_filter_of(where)),
        )
        span = Interval(
            None if since is None else parse_interval(since).start,
            None if until is None else parse_interval(until).end,
        )
        return timeline_of(self._parts.store, self._names, query, span=span)
