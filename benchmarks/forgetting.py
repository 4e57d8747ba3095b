"""What forgetting costs: ``python benchmarks/forgetting.py DIR [--share 0.5] [--json FILE]``.

On a data set of talk (``turns.jsonl``, ``queries.jsonl``), each conversation in a namespace of its
own, graph mode's evidence recall@10 is measured

1. after a policy forgot the share of turns, before any question was asked: it knows the turns and
   their ages alone, at a clock that stands 30 days after the last turn;
2. with all turns back;
3. after as many turns were forgotten at random, as the mean over seeds.

Bar: the policy loses less than half of what chance loses (goal: a quarter). Ends with 1 when it is
missed. What counts of a turn was chosen by looking at gold turns of the first two conversations of
LoCoMo; the figures of the others stand apart, as ``held_out``.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from harness import RESULTS, about_run, bar, fresh, write

from graphmem.evaluation.datasets import Dataset, Question, read_dataset
from graphmem.evaluation.metrics import recall_at
from graphmem.evaluation.runner import rank_items
from graphmem.memory import Memory
from graphmem.model.forgetting import Policy
from graphmem.model.retrieval import Mode
from graphmem.settings import Settings

K = 10
LOOKED_AT = 2
"""Conversations, of the first, whose gold turns were looked at."""
Recalls = Mapping[str, list[float]]


def main() -> int:
    """Run the bench on a data set; 1 when the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("dataset", type=Path, help="a folder with turns.jsonl and queries.jsonl")
    parser.add_argument("--share", type=float, default=0.5, help="of turns to forget")
    parser.add_argument("--seeds", type=int, default=2, help="of forgetting at random")
    parser.add_argument("--every", type=int, default=1, help="ask each question of so many")
    parser.add_argument("--memory", type=Path, help="a memory that holds it, which stays as it is")
    parser.add_argument("--json", type=Path, default=RESULTS / "forgetting.json")
    options = parser.parse_args()
    found = fresh(
        measure,
        options.dataset,
        options.share,
        tuple(range(options.seeds)),
        options.every,
        options.memory,
    )
    lost = bar(found["all"]["policy_per_random"], below=0.5)
    write({**about_run(), **found, "bars": {"policy_per_random": lost}}, options.json)
    return 0 if lost["met"] else 1


def measure(
    folder: Path, share: float, seeds: Sequence[int], every: int, memory_folder: Path | None
) -> dict[str, Any]:
    """Recall with all turns, and after each way of forgetting; over all, and held out."""
    dataset = read_dataset(folder)
    questions = [q for q in dataset.questions[::every] if q.gold]
    last = max(
        message.at or item.occurred_at
        for items in dataset.corpora.values()
        for item in items
        for message in item.messages
        if message.at or item.occurred_at
    )
    with tempfile.TemporaryDirectory(prefix="graphmem-") as scraps:
        place = Path(scraps) / "memory"
        if memory_folder is not None:
            shutil.copytree(memory_folder, place, ignore=shutil.ignore_patterns("index", "views"))
        with closing(_open(place, last + timedelta(days=30))) as memory:
            for namespace, items in dataset.corpora.items():
                for _ in memory.with_namespace(namespace).add_many(items):
                    pass
        with closing(_open(place, last + timedelta(days=30))) as memory:
            forgot = {
                name: memory.with_namespace(name).forget(Policy(share=share))
                for name in dataset.corpora
            }
            policy = _recalls(memory, dataset, questions)
            for name in dataset.corpora:
                memory.with_namespace(name).restore()
            whole = _recalls(memory, dataset, questions)
            chance = [
                _at_random(memory, dataset, questions, seed, forgot_of=forgot) for seed in seeds
            ]
    names = list(dataset.corpora)
    return {
        "dataset": dataset.name,
        "is_fresh": memory_folder is None,
        "questions": len(questions),
        "turns": sum(report.looked_at for report in forgot.values()),
        "forgotten": sum(len(report.faded) for report in forgot.values()),
        "seeds": list(seeds),
        "all": _compared(whole, policy, chance, names),
        "held_out": _compared(whole, policy, chance, names[LOOKED_AT:]),
    }


def _open(place: Path, now: datetime) -> Memory:
    return Memory.open(place, settings=Settings(), clock=lambda: now)


def _recalls(memory: Memory, dataset: Dataset, questions: Sequence[Question]) -> Recalls:
    """Recall@10 of each question, by conversation."""
    found: dict[str, list[float]] = {name: [] for name in dataset.corpora}
    for question in questions:
        bound = memory.with_namespace(question.namespace)
        ranked = rank_items(bound, question.text, shape=dataset.shape, mode=Mode.GRAPH, k=K)
        found[question.namespace].append(recall_at(ranked.items, question.gold, k=K))
    return found


def _at_random(
    memory: Memory,
    dataset: Dataset,
    questions: Sequence[Question],
    seed: int,
    *,
    forgot_of: Mapping[str, Any],
) -> Recalls:
    """As :func:`_recalls`, with as many turns of each conversation forgotten by chance."""
    chance = np.random.default_rng(seed)
    store = memory._parts.store
    for name in dataset.corpora:
        with store.read(name, ("passages",)) as reader:
            ids = [row[0] for rows in reader.scan("passages", ("id",)) for row in rows]
        rows = chance.choice(len(ids), len(forgot_of[name].faded), replace=False)
        store.forget(name, [ids[row] for row in rows], memory._parts.clock())
    found = _recalls(memory, dataset, questions)
    for name in dataset.corpora:
        memory.with_namespace(name).restore()
    return found


def _compared(
    whole: Recalls, policy: Recalls, chance: Sequence[Recalls], names: Sequence[str]
) -> dict[str, float]:
    """Recall in percent, and what the policy loses as a share of what chance loses."""

    def percent(recalls: Recalls) -> float:
        return 100 * mean(value for name in names for value in recalls[name])

    before, after = percent(whole), percent(policy)
    by_chance = mean(percent(one) for one in chance)
    return {
        "recall@10": round(before, 2),
        "policy": round(after, 2),
        "random": round(by_chance, 2),
        "policy_per_random": round((before - after) / (before - by_chance), 3),
    }


if __name__ == "__main__":
    sys.exit(main())
