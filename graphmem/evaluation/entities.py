"""Whether two mentions are one entity: a judge's verdicts against labelled pairs of mentions.

A pair is two names, each with its type and the sentence that it stands in. Pairs come in halves by
a hash of their content: rules may look at ``dev``; ``test`` is for figures alone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, ValidationError

from graphmem.errors import InvalidInputError, ReaderError
from graphmem.model.base import Value
from graphmem.model.knowledge import EntityType


class Half(StrEnum):
    """What a pair is for: to write rules by, or to measure them."""

    DEV = "dev"
    TEST = "test"


class Named(Value):
    """A mention: `name` as written in `context`, of a document that may be about its `title`.

    `opens` says that the context is where the document begins, `source` which data set it is from.
    """

    name: str
    type: EntityType
    context: str
    document: str
    title: str = ""
    opens: bool = False
    speaker: str | None = None
    source: str = ""


class Pair(Value):
    """Two mentions and whether they are one entity; `kind` says why the pair is asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    same: bool
    kind: str
    half: Half
    left: Named
    right: Named


class Verdict(Value):
    """A judge's answer; `by` names the rule that decided."""

    same: bool
    score: float = 0.0
    by: str = ""


Judge = Callable[[Sequence[Pair]], Sequence[Verdict]]
"""Gives one verdict per pair; looks at the two mentions and never at `same`."""


def read_pairs(path: Path) -> list[Pair]:
    """The pairs of a file, one JSON object a line.

    Raises
    ------
    ReaderError
        A line that is no pair, or no file; names it.
    InvalidInputError
        Not one pair in it.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as cause:
        raise ReaderError(f"{path} cannot be read: {cause}") from cause
    pairs = []
    for number, line in enumerate(lines, start=1):
        try:
            pairs.append(Pair.model_validate_json(line))
        except ValidationError as cause:
            first = cause.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the line"
            raise ReaderError(f"{path}, line {number}: {where}: {first['msg']}") from cause
    if not pairs:
        raise InvalidInputError(f"{path} holds no pair of mentions")
    return pairs


def report(pairs: Sequence[Pair], judge: Judge) -> dict[str, Any]:
    """Precision, recall and F1 of "they are one" in each half, and all wrong verdicts of ``dev``.

    The wrong ones of ``test`` are counted and not shown, so that nothing is tuned on them.
    """
    judged = list(zip(pairs, judge(pairs), strict=True))
    halves = {
        half.value: _scores([row for row in judged if row[0].half is half])
        for half in Half
        if any(pair.half is half for pair in pairs)
    }
    wrong = [
        {
            "left": pair.left.name,
            "right": pair.right.name,
            "same": pair.same,
            "kind": pair.kind,
            "by": verdict.by,
            "score": round(verdict.score, 3),
        }
        for pair, verdict in judged
        if pair.half is Half.DEV and verdict.same is not pair.same
    ]
    return {"pairs": len(pairs), "halves": halves, "wrong_in_dev": wrong}


def _scores(judged: Sequence[tuple[Pair, Verdict]]) -> dict[str, Any]:
    counts = _counted(judged)
    kinds = sorted({pair.kind for pair, _ in judged})
    by_kind = {kind: _counted([row for row in judged if row[0].kind == kind]) for kind in kinds}
    return {
        **counts,
        **_rates(counts),
        "by_kind": {kind: {**found, **_rates(found)} for kind, found in by_kind.items()},
    }


def _counted(judged: Iterable[tuple[Pair, Verdict]]) -> dict[str, int]:
    found = Counter((pair.same, verdict.same) for pair, verdict in judged)
    return {
        "n": found.total(),
        "same": found[True, True] + found[True, False],
        "found": found[True, True],
        "wrong": found[False, True],
        "missed": found[True, False],
    }


def _rates(counts: dict[str, int]) -> dict[str, float | None]:
    """Precision is undefined, and ``None``, where nothing was said to be one."""
    said, same, found = counts["found"] + counts["wrong"], counts["same"], counts["found"]
    return {
        "precision": round(found / said, 4) if said else None,
        "recall": round(found / same, 4) if same else None,
        "f1": round(2 * found / (said + same), 4) if said + same else None,
        "error_rate": round((counts["wrong"] + counts["missed"]) / counts["n"], 4),
    }


def as_text(result: dict[str, Any]) -> str:
    """The report as indented JSON, as result files hold it."""
    return json.dumps(result, indent=2, ensure_ascii=False) + "\n"
