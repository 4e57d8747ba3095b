"""What to forget, what was forgotten, and what was erased."""

from __future__ import annotations

from pydantic import Field

from graphmem.model.base import UtcTime, Value
from graphmem.model.change import Counts


class Policy(Value):
    """Which passages of a namespace to forget: those of which least is retained.

    Retention is exp(-age / strength). Age counts from the last recall, or else from when it was
    said or recorded; strength grows with each recall and with how much a passage tells that others
    do not. `at_most` bounds how many passages the namespace keeps, `share` says which share of them
    to forget, `below` forgets whatever is retained less; whichever of them asks for most counts.
    What is younger than `min_age_days` stays. Forgotten passages are kept for `keep_days`, for
    :meth:`Memory.restore`, and erased by the first run after that.
    """

    at_most: int | None = Field(None, ge=0)
    share: float | None = Field(None, ge=0.0, le=1.0)
    below: float | None = Field(None, ge=0.0, le=1.0)
    strength_days: float = Field(30.0, gt=0.0)
    min_age_days: float = Field(0.0, ge=0.0)
    keep_days: float = Field(30.0, ge=0.0)


class Faded(Value):
    """A passage that a policy forgets, and why: what of it is retained, after how long."""

    id: str
    source: str
    text: str
    retention: float
    age_days: float
    strength_days: float
    recalls: int


class ForgetReport(Value):
    """What a policy forgot, or would have: the least retained first.

    `forgotten` counts passages and the facts that went with them, `erased` what was forgotten
    longer ago than the policy keeps. Until `recoverable_until` all of it can be restored.
    """

    looked_at: int
    kept: int
    faded: tuple[Faded, ...] = ()
    forgotten: Counts = Counts()
    erased: Counts = Counts()
    recoverable_until: UtcTime | None = None
    is_dry_run: bool = False


class EraseReport(Value):
    """What was removed for good, from the store and from `places`: all that was derived from it.

    `reworded` counts facts and entities that others state too, and that keep no word of it.
    `left` says where words of it may stand still, out of the store's reach, and what to do.
    """

    passages: int
    removed: Counts = Counts()
    left: str = ""
    reworded: int = 0
    places: tuple[str, ...] = ()
    is_dry_run: bool = False
