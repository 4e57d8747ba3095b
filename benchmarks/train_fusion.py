"""Fit the weights of graph mode's signals: ``python benchmarks/train_fusion.py --memories DIR``.

Every data set under GRAPHMEM_BENCH gives one pool of candidates a question, with a value for each
signal. Weights are those of a pairwise logistic regression (gold candidates over the others of
their question), bound to be non-negative and drawn towards weighing all alike: L-BFGS-B on the
loss that scikit-learn's LogisticRegression minimises, which knows neither. One set for all passage
sets together, one for all conversations. What is reported is measured on questions that the weights
were not fitted on: passages in five folds, conversations with one left out at a time; and beside it
what equal weights find among the same candidates.

Writes ``graphmem/retrieve/weights.json`` and ``benchmarks/results/fusion.json``. The memories are
made in DIR where they are not there yet.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from harness import RESULTS, about_run, write
from scipy.optimize import minimize

import graphmem.retrieve
from graphmem.build import load_settings
from graphmem.evaluation.datasets import Question, Shape, read_dataset
from graphmem.memory import Memory
from graphmem.model.retrieval import Query
from graphmem.retrieve.fuse import PASSAGES, TURNS

Doubles = npt.NDArray[np.float64]
WEIGHTS = Path(graphmem.retrieve.__file__).parent / "weights.json"
KS = (2, 5, 10, 20)
N_FOLDS = 5
N_NEGATIVES = 40
"""Hardest candidates a round; what was hard once stays in, else the weights swing."""
N_ROUNDS = 4
EQUAL = 1.0
"""What each signal counts where nothing is learned: weights are drawn towards it."""
RIDGE = {PASSAGES: 1e-2, TURNS: 1e-4}
"""How strongly: of 1e-4, 1e-3, 3e-3 and 1e-2 what did best held out. Questions are few to learn
from for passages, and many for turns."""
BY_HAND = {PASSAGES: {"dated": 1.0}, TURNS: {}}
"""Signals that no question of the data sets gives a value to."""


@dataclass(frozen=True)
class Asked:
    """A question's pool: `values`, shape (n_candidates, n_signals), `gold` the rows of them."""

    values: Doubles
    ids: tuple[str, ...]
    gold: npt.NDArray[np.int64]
    n_gold: int
    fold: str
    kind: str
    weight: float


def main() -> int:
    """Fit, report, write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--memories", type=Path, required=True, help="folder of a memory a set")
    parser.add_argument("--bench", type=Path, default=load_settings().bench, help="data sets")
    options = parser.parse_args()
    if options.bench is None:
        parser.error("name the data sets' folder by --bench or GRAPHMEM_BENCH")
    folders = sorted(path.parent for path in options.bench.glob("*/queries.jsonl"))
    weights: dict[str, dict[str, float]] = {}
    report: dict[str, Any] = {}
    for kind, shape in ((PASSAGES, Shape.PASSAGES), (TURNS, Shape.TURNS)):
        names: list[str] = []
        sets = {}
        for folder in folders:
            if (folder / "turns.jsonl").is_file() == (shape is Shape.TURNS):
                sets[folder.name] = pools_of(folder, options.memories / folder.name, names)
        weights[kind], report[kind] = fitted(sets, names, BY_HAND[kind], ridge=RIDGE[kind])
    WEIGHTS.write_text(json.dumps(weights, indent=2) + "\n", encoding="utf-8")
    write({"weights": weights, "cross_validated": report, **about_run()}, RESULTS / "fusion.json")
    return 0


def pools_of(folder: Path, location: Path, names: list[str]) -> list[Asked]:
    """The pool of every question; `names` receives the signals, in their order."""
    dataset = read_dataset(folder)
    asked = []
    with closing(Memory.open(location)) as memory:
        held = {
            source for ns in dataset.corpora for source, _ in memory.with_namespace(ns).sources()
        }
        for namespace, items in dataset.corpora.items():
            if not held:
                list(memory.with_namespace(namespace).add_many(items))
        questions = [question for question in dataset.questions if question.gold]
        for number, question in enumerate(questions):
            fold = question.namespace if dataset.shape is Shape.TURNS else str(number % N_FOLDS)
            bound = memory.with_namespace(question.namespace)
            pool = pool_of(bound, question, dataset.shape, names)
            share = 1.0 / len(questions)
            asked.append(Asked(**pool, fold=fold, kind=question.type or "", weight=share))
    print(f"{folder.name}: {len(asked)} questions", flush=True)
    return asked


def pool_of(memory: Memory, question: Question, shape: Shape, names: list[str]) -> dict[str, Any]:
    """Candidates of one question, as :class:`Asked` wants them."""
    query = Query(text=question.text, k=max(KS), namespace=question.namespace)
    # Not of the SDK: what is ranked before it is weighed.
    index, [pool] = memory._reading.candidates(query)
    column = index.passages.external_ids if shape is Shape.TURNS else index.passages.sources
    ids = tuple(column.values[int(code)] for code in column.codes[pool.rows])
    names[:] = names or [name for name in pool.signals if name not in BY_HAND[pool.kind]]
    return {
        "values": np.stack([pool.signals[name] for name in names], axis=1),
        "ids": ids,
        "gold": np.flatnonzero(np.isin(ids, question.gold)),
        "n_gold": len(set(question.gold)),
    }


def fitted(
    sets: dict[str, list[Asked]],
    names: Sequence[str],
    by_hand: dict[str, float],
    *,
    ridge: float,
) -> tuple[dict[str, float], dict[str, Any]]:
    """Weights fitted on all, and recall in cross-validation by data set."""
    everything = [one for asked in sets.values() for one in asked]
    held_out: dict[str, Doubles] = {}
    folds = sorted({one.fold for one in everything})
    for fold in folds:
        held_out[fold] = fit((one for one in everything if one.fold != fold), ridge=ridge)
    report = {}
    for name, asked in sets.items():
        report[name] = report_of(asked, held_out)
        print(name, json.dumps(report[name], indent=1), flush=True)
    total = fit(everything, ridge=ridge)
    return {name: round(float(w), 3) for name, w in zip(names, total, strict=True)} | by_hand, {
        "folds": len(folds),
        "sets": report,
    }


def report_of(asked: Sequence[Asked], held_out: Mapping[str, Doubles]) -> dict[str, Any]:
    """Recall of questions by the weights that were fitted without their fold, and by type."""

    def recall(some: Sequence[Asked]) -> dict[str, Any]:
        return {"n": len(some), **mean_recall(some, lambda one: one.values @ held_out[one.fold])}

    by_type: defaultdict[str, list[Asked]] = defaultdict(list)
    for one in asked:
        by_type[one.kind].append(one)
    return {
        **recall(asked),
        "equal_weights": mean_recall(asked, lambda one: one.values.sum(axis=1)),
        "by_type": {kind: recall(some) for kind, some in sorted(by_type.items())},
    }


def fit(asked: Iterable[Asked], *, ridge: float) -> Doubles:
    """Non-negative weights, shape (n_signals,)."""
    answerable = [one for one in asked if len(one.gold) and len(one.gold) < len(one.ids)]
    weights = np.full(answerable[0].values.shape[1], EQUAL)
    hard: list[set[int]] = [set() for _ in answerable]
    for _ in range(N_ROUNDS):
        rows, costs = [], []
        for one, negatives in zip(answerable, hard, strict=True):
            scores = one.values @ weights
            scores[one.gold] = -np.inf
            n = min(N_NEGATIVES, len(scores) - len(one.gold))
            negatives.update(np.argsort(-scores, kind="stable")[:n].tolist())
            others = one.values[sorted(negatives)]
            for gold in one.gold:
                rows.append(one.values[gold] - others)
                costs.append(np.full(len(others), one.weight / (len(others) * len(one.gold))))
        weights = minimised(np.concatenate(rows), np.concatenate(costs), weights, ridge=ridge)
    return weights


def minimised(pairs: Doubles, costs: Doubles, start: Doubles, *, ridge: float) -> Doubles:
    """The weights at least 0 under which each pair's difference is most surely above 0."""
    share = costs / costs.sum()

    def loss(weights: Doubles) -> tuple[float, Doubles]:
        margin = pairs @ weights
        wrong = 1.0 / (1.0 + np.exp(np.clip(margin, -50.0, 50.0)))
        drawn = weights - EQUAL
        value = float(share @ np.logaddexp(0.0, -margin) + ridge * (drawn @ drawn) / 2.0)
        return value, ridge * drawn - pairs.T @ (share * wrong)

    bounds = [(0.0, None)] * len(start)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(found.x, np.float64)


def mean_recall(asked: Sequence[Asked], score: Callable[[Asked], Doubles]) -> dict[str, float]:
    """Recall at each k, a passage in several pieces counted at its best."""
    found: dict[str, list[float]] = {f"recall@{k}": [] for k in KS}
    for one in asked:
        order = np.argsort(-score(one), kind="stable")
        ranked = list(dict.fromkeys(one.ids[place] for place in order))
        gold = {one.ids[place] for place in one.gold}
        for k in KS:
            found[f"recall@{k}"].append(len(gold & set(ranked[:k])) / one.n_gold)
    return {name: float(np.mean(values)) for name, values in found.items()}


if __name__ == "__main__":
    sys.exit(main())
