"""Scoring of entity resolution: labelled pairs, and the set that figures are published on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from graphmem.errors import InvalidInputError, ReaderError
from graphmem.evaluation.entities import Half, Named, Pair, Verdict, read_pairs, report

LABELLED = Path(__file__).parents[3] / "benchmarks" / "labelled" / "entities.jsonl"


def _pair(same: bool, half: Half, left: str, right: str) -> Pair:
    def named(name: str) -> Named:
        return Named(name=name, type="person", context=f"{name} sang.", document=name)

    return Pair(same=same, kind="made up", half=half, left=named(left), right=named(right))


def _same_initial(pairs: Sequence[Pair]) -> list[Verdict]:
    return [Verdict(same=pair.left.name[0] == pair.right.name[0], by="initial") for pair in pairs]


def test_each_half_is_scored_as_a_binary_classification() -> None:
    pairs = [
        _pair(same, half, left, right)
        for half in Half
        for same, left, right in [
            (True, "Ann", "Anna"),
            (True, "Bob", "Rob"),
            (False, "Cem", "Cora"),
            (False, "Dan", "Eve"),
            (True, "Fay", "F"),
        ]
    ]
    result = report(pairs, _same_initial)
    same, said = {0, 1, 4}, {0, 2, 4}  # by position
    right = len(same & said)
    precision, recall = right / len(said), right / len(same)
    harmonic = 2 / (1 / precision + 1 / recall)
    for half in ("dev", "test"):
        scores = result["halves"][half]
        rates = [scores[name] for name in ("precision", "recall", "f1")]
        assert rates == pytest.approx([precision, recall, harmonic], abs=1e-4)
        assert scores["error_rate"] == pytest.approx(len(same ^ said) / 5)


def test_wrong_verdicts_are_shown_of_the_half_that_rules_are_written_by_only() -> None:
    pairs = [_pair(True, half, f"{half.value} A", "B") for half in Half]
    assert [row["left"] for row in report(pairs, _same_initial)["wrong_in_dev"]] == ["dev A"]


def test_nothing_said_to_be_one_has_no_precision() -> None:
    scores = report([_pair(True, Half.DEV, "Ann", "Bob")], _same_initial)["halves"]["dev"]
    assert (scores["precision"], scores["recall"], scores["f1"]) == (None, 0.0, 0.0)


def test_a_line_that_is_no_pair_is_named(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text(_pair(True, Half.DEV, "Ann", "Bob").model_dump_json() + '\n{"same": true}\n')
    with pytest.raises(ReaderError, match=r"pairs\.jsonl, line 2: kind"):
        read_pairs(path)


def test_a_file_without_pairs_or_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "none.jsonl").write_text("")
    with pytest.raises(InvalidInputError, match="no pair"):
        read_pairs(tmp_path / "none.jsonl")
    with pytest.raises(ReaderError, match=r"missing\.jsonl"):
        read_pairs(tmp_path / "missing.jsonl")


def test_the_published_set_is_large_and_cut_in_halves_without_a_pair_in_both() -> None:
    pairs = read_pairs(LABELLED)
    halves = Counter(pair.half for pair in pairs)
    assert len(pairs) >= 400
    assert min(halves.values()) > 0.45 * len(pairs)
    content = Counter((pair.left, pair.right) for pair in pairs)
    assert max(content.values()) == 1
    assert all(min(Counter(p.same for p in pairs if p.half is h).values()) > 60 for h in Half)
    for side in (side for pair in pairs for side in (pair.left, pair.right)):
        assert side.name in side.context or side.name == side.title
