"""Fit the weights of graph mode's signals: ``python benchmarks/train_fusion.py --memories DIR``.

Every data set under GRAPHMEM_BENCH gives one pool of candidates a question, with a value for each
signal. Weights are those of a pairwise logistic regression (gold candidates over the others of
their question), bound to be non-negative and drawn towards weighing all alike: L-BFGS-B on the
loss that scikit-learn's LogisticRegression minimises, which knows neither. One set for all passage
sets together, one for all conversations.

What is reported is measured on questions that neither the weights nor how strongly they are drawn
were fitted on: passages in five folds, conversations with one left out at a time, the ridge chosen
by the folds that are left. Beside it stand what equal weights find among the same candidates, what
weights find that were fitted on the other data sets only, and with ``--untitled`` and ``--merged``
what those held-out weights find where titles are withheld, or all passage sets are one memory.

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
from corpora import MERGED, UNTITLED, folders_in, has_passages, merged, untitled
from harness import RESULTS, about_run, write
from scipy.optimize import minimize

import graphmem.retrieve
from graphmem.build import load_settings
from graphmem.evaluation.datasets import Dataset, Question, Shape, read_dataset
from graphmem.memory import Memory
from graphmem.model.retrieval import Query
from graphmem.retrieve.fuse import PASSAGES, REPEAT_LOSS, TURNS, spread

Doubles = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
WEIGHTS = Path(graphmem.retrieve.__file__).parent / "weights.json"
KS = (2, 5, 10, 20)
N_FOLDS = 5
N_NEGATIVES = 40
"""Hardest candidates a round; what was hard once stays in, else the weights swing."""
N_ROUNDS = 4
EQUAL = 1.0
"""What each signal counts where nothing is learned: weights are drawn towards it."""
RIDGES = (1e-4, 1e-3, 1e-2, 3e-2, 1e-1)
"""How strongly they may be drawn there."""
CUT = {PASSAGES: 5, TURNS: 10}
"""The k of the recall that a ridge is chosen by."""
BY_HAND = {PASSAGES: {"dated": 1.0}, TURNS: {}}
"""Signals that no question of the data sets gives a value to."""


@dataclass(frozen=True)
class Asked:
    """A question's pool: `values`, shape (n_candidates, n_signals), `gold` the rows of them.

    `places` are where candidates stand, for a question whose answer stands in several places.
    """

    values: Doubles
    ids: tuple[str, ...]
    gold: Ints
    n_gold: int
    places: Ints | None
    text: str
    fold: str
    kind: str
    weight: float


def main() -> int:
    """Fit, report, write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--memories", type=Path, required=True, help="folder of a memory a set")
    parser.add_argument("--bench", type=Path, default=load_settings().bench, help="data sets")
    parser.add_argument("--untitled", action="store_true", help="report passages without titles")
    parser.add_argument("--merged", action="store_true", help="report all passages in one memory")
    options = parser.parse_args()
    if options.bench is None:
        parser.error("name the data sets' folder by --bench or GRAPHMEM_BENCH")
    folders = folders_in(options.bench)
    passages = [folder for folder in folders if has_passages(folder)]
    talk = [folder for folder in folders if folder not in passages]
    others = [(f"{folder.name}{UNTITLED}", untitled(folder)) for folder in passages]
    others = others if options.untitled else []
    others += [(MERGED, merged(passages))] if options.merged and passages else []
    weights: dict[str, dict[str, float]] = {}
    report: dict[str, Any] = {}
    for kind, mine in ((PASSAGES, passages), (TURNS, talk)):
        if not mine:
            continue
        names: list[str] = []
        sets = {
            folder.name: pools_of(read_dataset(folder), options.memories / folder.name, names)
            for folder in mine
        }
        folds = {one.text: one.fold for asked in sets.values() for one in asked}
        checks = {
            name: pools_of(dataset, options.memories / name, names, folds)
            for name, dataset in (others if kind == PASSAGES else ())
        }
        weights[kind], report[kind] = fitted(sets, checks, names, kind=kind)
    WEIGHTS.write_text(json.dumps(weights, indent=2) + "\n", encoding="utf-8")
    write({"weights": weights, "cross_validated": report, **about_run()}, RESULTS / "fusion.json")
    return 0


def pools_of(
    dataset: Dataset, location: Path, names: list[str], folds: Mapping[str, str] | None = None
) -> list[Asked]:
    """The pool of every question; `names` receives the signals, in their order.

    A question of `folds` is of the fold that it has there.
    """
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
            fold = fold if folds is None else folds[question.text]
            bound = memory.with_namespace(question.namespace)
            pool = pool_of(bound, question, dataset.shape, names)
            share = 1.0 / len(questions)
            asked.append(Asked(**pool, fold=fold, kind=question.type or "", weight=share))
    print(f"{dataset.name}: {len(asked)} questions", flush=True)
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
        "places": pool.places,
        "text": question.text,
    }


def fitted(
    sets: dict[str, list[Asked]],
    checks: dict[str, list[Asked]],
    names: Sequence[str],
    *,
    kind: str,
) -> tuple[dict[str, float], dict[str, Any]]:
    """Weights fitted on all `sets`, and recall by weights that were fitted without a question."""
    everything = [one for asked in sets.values() for one in asked]
    held_out: dict[str, Doubles] = {}
    ridges: dict[str, float] = {}
    folds = sorted({one.fold for one in everything})
    for fold in folds:
        others = [one for one in everything if one.fold != fold]
        ridges[fold] = chosen_ridge(others, k=CUT[kind])
        held_out[fold] = fit(others, ridge=ridges[fold])
    report = {}
    for name, asked in (sets | checks).items():
        report[name] = report_of(asked, lambda one: one.values @ held_out[one.fold])
        print(name, json.dumps(report[name], indent=1), flush=True)
    ridge = chosen_ridge(everything, k=CUT[kind])
    total = fit(everything, ridge=ridge)
    return {
        name: round(float(weight), 3) for name, weight in zip(names, total, strict=True)
    } | BY_HAND[kind], {
        "folds": len(folds),
        "ridge": ridge,
        "ridge_by_fold": ridges,
        "sets": {name: report[name] for name in sets},
        "not_fitted_on": {name: report[name] for name in checks},
        "fitted_on_other_sets": of_other_sets(sets, ridge=ridge) if len(sets) > 1 else {},
    }


def chosen_ridge(asked: Sequence[Asked], *, k: int) -> float:
    """The ridge whose weights find most at `k` in folds they were not fitted on."""
    found = {}
    for ridge in RIDGES:
        weights = {
            fold: fit((one for one in asked if one.fold != fold), ridge=ridge)
            for fold in {one.fold for one in asked}
        }
        recalls = [recall_of(one, one.values @ weights[one.fold], (k,))[0] for one in asked]
        found[ridge] = float(np.average(recalls, weights=[one.weight for one in asked]))
    return max(RIDGES, key=lambda ridge: (round(found[ridge], 9), ridge))


def of_other_sets(sets: Mapping[str, Sequence[Asked]], *, ridge: float) -> dict[str, Any]:
    """Recall on each data set by weights that were fitted on the others."""
    found = {}
    for name, asked in sets.items():
        others = [one for other in sets if other != name for one in sets[other]]
        weights = fit(others, ridge=ridge)
        found[name] = mean_recall(asked, lambda one, weights=weights: one.values @ weights)
    return found


def report_of(asked: Sequence[Asked], score: Callable[[Asked], Doubles]) -> dict[str, Any]:
    """Recall by a score, by type too, and by weights that are all alike."""
    by_type: defaultdict[str, list[Asked]] = defaultdict(list)
    for one in asked:
        by_type[one.kind].append(one)
    return {
        "n": len(asked),
        **mean_recall(asked, score),
        "equal_weights": mean_recall(asked, lambda one: one.values.sum(axis=1)),
        "by_type": {
            kind: {"n": len(some), **mean_recall(some, score)}
            for kind, some in sorted(by_type.items())
        },
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
    """Mean recall at each k."""
    found = np.array([recall_of(one, score(one), KS) for one in asked])
    return {f"recall@{k}": float(value) for k, value in zip(KS, found.mean(axis=0), strict=True)}


def recall_of(one: Asked, scores: Doubles, ks: Sequence[int]) -> list[float]:
    """Recall at each k, ranked as searches do, a passage in several pieces counted at its best."""
    if one.places is None:
        order = np.argsort(-scores, kind="stable")
    else:
        order, _ = spread(scores, one.places, max(KS), loss=REPEAT_LOSS)
    ranked = list(dict.fromkeys(one.ids[place] for place in order))
    gold = {one.ids[place] for place in one.gold}
    return [len(gold & set(ranked[:k])) / one.n_gold for k in ks]


if __name__ == "__main__":
    sys.exit(main())
