"""Revision against labels: what a statement does to what is known, operation by operation.

A case is what is known, as texts in the order in which they came, and one more text. Half of the
cases are for tuning and half for test, by the text alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, ValidationError

from graphmem.errors import InvalidInputError, ReaderError
from graphmem.evaluation.labelled import Split, split_of
from graphmem.model.base import Share, Value
from graphmem.model.change import Operation
from graphmem.model.source import DEFAULT_TRUST


class Told(Value):
    """A text, when it was said if that is known, and how far it is trusted."""

    text: str
    at: datetime | None = None
    trust: Share = DEFAULT_TRUST


class Case(Value):
    """What is known, what comes, and what that does; `kind` says why the case is asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    known: tuple[Told, ...]
    new: Told
    operation: Operation

    @property
    def split(self) -> Split:
        """The half that the case is in, for good."""
        return split_of(self.new.text)


Judge = Callable[[Sequence[Case]], Sequence[Operation]]
"""Gives one operation per case, and never looks at the one that is labelled."""


def read_cases(path: Path) -> list[Case]:
    """The cases of a file, one a line.

    Raises
    ------
    InvalidInputError
        There is no such file, or no case in it.
    ReaderError
        A line that is no case; the message names it.
    """
    if not path.is_file():
        raise InvalidInputError(f"There is no file {path}")
    cases = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        try:
            cases.append(Case.model_validate_json(line))
        except ValidationError as cause:
            raise ReaderError(f"{path}, line {number}: {cause.errors()[0]['msg']}") from cause
    if not cases:
        raise InvalidInputError(f"{path} holds no case")
    return cases


def report(cases: Sequence[Case], judge: Judge) -> dict[str, Any]:
    """Precision, recall and F1 per operation and half, and over all (where they are one).

    `macro_f1` is the mean over operations. Errors of the half for tuning are listed; those of the
    half for test are only counted.
    """
    found = judge(cases)
    halves: dict[str, Any] = {}
    for split in Split:
        pairs = [
            (case, operation)
            for case, operation in zip(cases, found, strict=True)
            if case.split is split
        ]
        scores = {op.value: _score(op, pairs) for op in Operation}
        right = sum(case.operation == operation for case, operation in pairs)
        halves[split.value] = {
            "n": len(pairs),
            "f1": right / len(pairs) if pairs else 0.0,
            "macro_f1": sum(score["f1"] for score in scores.values()) / len(scores),
            "by_operation": scores,
            "by_kind": _by_kind(pairs),
        }
    errors = [
        {"kind": case.kind, "new": case.new.text, "is": case.operation, "found": operation}
        for case, operation in zip(cases, found, strict=True)
        if case.split is Split.DEV and case.operation != operation
    ]
    return {"cases": len(cases), "halves": halves, "dev_errors": errors}


def _score(operation: Operation, pairs: Sequence[tuple[Case, Operation]]) -> dict[str, float]:
    there = sum(case.operation == operation for case, _ in pairs)
    given = sum(found == operation for _, found in pairs)
    right = sum(case.operation == operation == found for case, found in pairs)
    return {
        "n": there,
        "precision": right / given if given else 0.0,
        "recall": right / there if there else 0.0,
        "f1": 2 * right / (there + given) if there + given else 0.0,
    }


def _by_kind(pairs: Sequence[tuple[Case, Operation]]) -> dict[str, dict[str, int]]:
    n = Counter(case.kind for case, _ in pairs)
    right = Counter(case.kind for case, found in pairs if case.operation == found)
    return {kind: {"n": n[kind], "right": right[kind]} for kind in sorted(n)}
