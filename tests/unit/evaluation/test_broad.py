"""How much of a theme a context covers, beside dense passages at the same budget."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from graphmem.errors import InvalidInputError
from graphmem.evaluation.broad import Theme, broad_json, broad_rows, evaluate_broad, read_themes
from graphmem.evaluation.datasets import Shape, read_dataset
from graphmem.model.retrieval import Context, Hit

LABELLED = Path(__file__).parents[3] / "benchmarks" / "labelled" / "broad.jsonl"
SETS = ("2wiki", "musique", "hotpot", "locomo")


def hit(source: str, words: int = 10) -> Hit:
    return Hit(
        id=f"pa_{source}",
        rank=1,
        score=1.0,
        text="w " * words,
        title="",
        source=source,
        start=0,
        end=2 * words,
    )


class Fixed:
    """Recalls `cited` in contexts, a source per ten tokens, and ranks `dense`."""

    def __init__(self, cited: list[str], dense: list[str]) -> None:
        self.cited, self.dense = cited, dense

    def with_namespace(self, _: str) -> Fixed:
        return self

    def search(self, _: str, *, k: int = 10, mode: str = "graph") -> list[Hit]:
        assert mode == "dense"
        return [hit(source) for source in self.dense][:k]

    def context(self, question: str, *, budget: int = 1500) -> Context:
        hits = tuple(hit(source) for source in self.cited[: budget // 10])
        return Context(question=question, text="", tokens=0, budget=budget, citations=(), hits=hits)


def test_coverage_is_the_share_of_gold_at_each_budget() -> None:
    theme = Theme(id="t", dataset="d", question="What of it?", gold=("a", "b"), split="test")
    other = theme.model_copy(update={"split": "dev", "gold": ("x", "y", "z", "c")})
    found = evaluate_broad(
        Fixed(["a", "b", "c"], ["a", "c", "b"]),
        [theme, other],
        shape=Shape.PASSAGES,
        budgets=[20, 30],
        count=lambda texts: [len(text.split()) for text in texts],
        tell=lambda *_: None,
    )
    assert broad_json(found)["test"] == {
        "20": {"themes": 1, "context": 1.0, "dense": 0.5, "ratio": 2.0},
        "30": {"themes": 1, "context": 1.0, "dense": 1.0, "ratio": 1.0},
    }
    assert found["all"][30].context == pytest.approx((1.0 + 0.25) / 2)
    assert broad_rows(found)[0] == ("half", "budget", "themes", "context", "dense", "ratio")


def test_themes_of_another_data_set_are_refused_by_name(tmp_path: Path) -> None:
    row = {"id": "t", "dataset": "d", "question": "q", "gold": ["a"], "split": "dev"}
    (tmp_path / "themes.jsonl").write_text(json.dumps(row))
    assert [theme.id for theme in read_themes(tmp_path / "themes.jsonl", "d")] == ["t"]
    with pytest.raises(InvalidInputError, match="no theme of 'e'"):
        read_themes(tmp_path / "themes.jsonl", "e")


def test_at_least_60_themes_are_labelled_half_of_them_for_test() -> None:
    themes = [theme for name in SETS for theme in read_themes(LABELLED, name)]
    assert len({theme.id for theme in themes}) == len(themes) >= 60
    halves = Counter(theme.split for theme in themes)
    assert abs(halves["dev"] - halves["test"]) <= len(SETS)
    assert all(len(set(theme.gold)) == len(theme.gold) >= 4 for theme in themes)


@pytest.mark.skipif("GRAPHMEM_BENCH" not in os.environ, reason="GRAPHMEM_BENCH is not set")
@pytest.mark.parametrize("name", SETS)
def test_every_gold_passage_is_in_its_data_set(name: str) -> None:
    dataset = read_dataset(Path(os.environ["GRAPHMEM_BENCH"]) / name)
    if dataset.shape is Shape.PASSAGES:
        held = {item.source for items in dataset.corpora.values() for item in items}
    else:
        held = {
            f"{space} {message.id}"
            for space, items in dataset.corpora.items()
            for item in items
            for message in item.messages
        }
    for theme in read_themes(LABELLED, name):
        space = "" if dataset.shape is Shape.PASSAGES else f"{theme.conversation} "
        assert {f"{space}{id_}" for id_ in theme.gold} <= held, theme.id
