"""Labelled cases of revision: how they are read, and how verdicts on them are scored."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.errors import InvalidInputError, ReaderError
from graphmem.evaluation.labelled import Split
from graphmem.evaluation.revision import Case, Told, read_cases, report
from graphmem.model.change import Operation

LABELLED = Path(__file__).parents[3] / "benchmarks" / "labelled" / "revision.jsonl"


def test_the_labelled_set_has_every_operation_in_both_halves() -> None:
    cases = read_cases(LABELLED)
    assert len(cases) >= 200
    assert len({(case.known, case.new) for case in cases}) == len(cases)
    for split in Split:
        assert {case.operation for case in cases if case.split is split} == set(Operation)


def test_scores_are_those_counted_by_hand() -> None:
    texts = [f"text {number}" for number in range(40)]
    cases = [
        Case(kind="a", known=(), new=Told(text=text), operation=Operation.ADD) for text in texts
    ]
    dev = [case for case in cases if case.split is Split.DEV]
    wrong = dev[0]
    result = report(
        cases, lambda asked: [Operation.NOOP if case is wrong else case.operation for case in asked]
    )
    scores = result["halves"]["dev"]["by_operation"]["ADD"]
    n = len(dev)
    assert (scores["n"], scores["precision"], scores["recall"]) == (n, 1.0, (n - 1) / n)
    assert scores["f1"] == pytest.approx(2 * (n - 1) / (2 * n - 1))
    assert result["halves"]["dev"]["by_kind"] == {"a": {"n": n, "right": n - 1}}
    assert [error["new"] for error in result["dev_errors"]] == [wrong.new.text]
    assert result["halves"]["test"]["f1"] == 1.0


def test_what_is_no_case_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="no file"):
        read_cases(tmp_path / "none.jsonl")
    file = tmp_path / "cases.jsonl"
    file.write_text('{"kind": "a", "known": [], "new": {"text": "x"}, "operation": "ADD"}\n{}\n')
    with pytest.raises(ReaderError, match="line 2"):
        read_cases(file)
    file.write_text("")
    with pytest.raises(InvalidInputError, match="no case"):
        read_cases(file)
