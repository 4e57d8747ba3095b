"""A memory in time: what is told of someone or something, in order."""

from __future__ import annotations

from graphmem.inputs import Time
from graphmem.model.time import Interval, parse_interval, parse_time
from graphmem.model.timeline import Timeline
from graphmem.telling import timeline_of
from graphmem.verbs.bound import Bound


class Times(Bound):
    """Methods that set what is known in time."""

    def timeline(
        self,
        of: str,
        since: Time | None = None,
        until: Time | None = None,
        *,
        as_of: Time | None = None,
        known_at: Time | None = None,
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
            Keep what held at that time, and what may have.
        known_at
            What the memory believed at that time.

        Raises
        ------
        NotFoundError
            The namespace tells of no such entity or topic; the remedy names those like it.
        InvalidInputError
            Nothing was asked for, or a time does not read as one.
        """
        return timeline_of(
            self._parts.store,
            self._names,
            of,
            span=Interval(
                None if since is None else parse_interval(since).start,
                None if until is None else parse_interval(until).end,
            ),
            as_of=None if as_of is None else parse_time(as_of),
            known_at=None if known_at is None else parse_time(known_at),
        )
