"""Broad questions: how much of what a theme is about a context covers, beside dense passages.

A theme has gold passages, and a budget of tokens holds few of them whole. Coverage is the share of
the gold that is cited, of the context and of the dense ranking's passages cut to the same budget.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, Field

from graphmem.errors import InvalidInputError
from graphmem.evaluation.contexts import Count, Recalling, as_read, budgets_of, fitting
from graphmem.evaluation.datasets import Shape, read_rows
from graphmem.model.base import Value
from graphmem.model.retrieval import Hit, Mode
from graphmem.model.source import DEFAULT_NAMESPACE

_CUT: Final = 200
"""How many of the dense ranking are looked at; no budget here holds more."""
ALL: Final = "all"


class Theme(BaseModel):
    """A broad question, and the ids of the passages or turns that it is about."""

    id: str = Field(min_length=1)
    dataset: str = Field(min_length=1)
    question: str = Field(min_length=1)
    gold: tuple[str, ...] = Field(min_length=1)
    split: Literal["dev", "test"]
    conversation: str = DEFAULT_NAMESPACE


class Coverage(Value):
    """Means over themes: the shares of the gold that a context and dense passages cite."""

    themes: int
    context: float
    dense: float

    @property
    def ratio(self) -> float:
        """How many times as much the context covers."""
        return self.context / self.dense if self.dense else float("inf")


def read_themes(path: Path, dataset: str) -> list[Theme]:
    """The themes of a data set.

    Raises
    ------
    NotFoundError, ReaderError
        There is no such file, or a line is no theme; the message names it.
    InvalidInputError
        None is of this data set.
    """
    found = [theme for _, theme in read_rows(path, Theme) if theme.dataset == dataset]
    if not found:
        raise InvalidInputError(
            f"{path} has no theme of {dataset!r}", remedy="DIR must be named as their data set"
        )
    return found


def evaluate_broad(
    memory: Recalling,
    themes: Sequence[Theme],
    *,
    shape: Shape,
    budgets: Sequence[int],
    count: Count,
    tell: Callable[[str, int, int], None],
) -> dict[str, dict[int, Coverage]]:
    """Coverage by half (``dev``, ``test``, ``all``) and budget of tokens."""
    limits = budgets_of(budgets)
    shares: defaultdict[tuple[str, int], list[tuple[float, float]]] = defaultdict(list)
    for done, theme in enumerate(themes, 1):
        bound = memory.with_namespace(theme.conversation)
        hits = bound.search(theme.question, k=_CUT, mode=Mode.DENSE)
        sizes = dict(zip((h.id for h in hits), count([as_read(h) for h in hits]), strict=True))
        for limit in limits:
            context = bound.context(theme.question, budget=limit)
            pair = (
                _covered(context.hits, theme, shape),
                _covered(fitting(hits, sizes, limit), theme, shape),
            )
            shares[theme.split, limit].append(pair)
            shares[ALL, limit].append(pair)
        tell("themes", done, len(themes))
    found: dict[str, dict[int, Coverage]] = {}
    for (split, limit), pairs in sorted(shares.items()):
        found.setdefault(split, {})[limit] = Coverage(
            themes=len(pairs),
            context=sum(own for own, _ in pairs) / len(pairs),
            dense=sum(dense for _, dense in pairs) / len(pairs),
        )
    return found


def broad_json(found: Mapping[str, Mapping[int, Coverage]]) -> dict[str, Any]:
    """The result as plain data, rounded."""
    return {
        split: {
            str(limit): {
                "themes": held.themes,
                "context": round(held.context, 4),
                "dense": round(held.dense, 4),
                "ratio": round(held.ratio, 3),
            }
            for limit, held in by_budget.items()
        }
        for split, by_budget in found.items()
    }


def broad_rows(found: Mapping[str, Mapping[int, Coverage]]) -> list[tuple[str, ...]]:
    """The table for people, a header first."""
    rows: list[tuple[str, ...]] = [("half", "budget", "themes", "context", "dense", "ratio")]
    for split, by_budget in found.items():
        for limit, held in by_budget.items():
            shares = (f"{100 * held.context:.1f}", f"{100 * held.dense:.1f}", f"{held.ratio:.2f}")
            rows.append((split, str(limit), str(held.themes), *shares))
    return rows


def _covered(hits: Sequence[Hit], theme: Theme, shape: Shape) -> float:
    cited = {hit.source if shape is Shape.PASSAGES else hit.external_id for hit in hits}
    return len(cited & set(theme.gold)) / len(set(theme.gold))
