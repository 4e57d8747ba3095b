"""What a misspelt name costs: ``python benchmarks/misspelt.py --memory MEMORY DIR``.

Each question of the passages in DIR has one letter of one word of a name in it made wrong, drawn by
a seed: changed, left out, put in, or exchanged with its neighbour. Reported is recall@5 of the
questions as they are, of those with a wrong letter, and of the same where nothing looks for what
else a name may be. Questions in which no name is found as they are do not count. MEMORY is made
where it is not there yet.

Writes ``benchmarks/results/misspelt.json``.
"""

from __future__ import annotations

import argparse
import string
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from harness import RESULTS, about_run, write

from graphmem.evaluation.datasets import read_dataset
from graphmem.index.passage_index import PassageIndex
from graphmem.index.spelling import Spelling
from graphmem.kernels.text import tokenise
from graphmem.memory import Memory
from graphmem.retrieve.naming import names_in

K = 5
LEAST = 4
"""Letters of a word that one of is made wrong."""


def main() -> int:
    """Ask, count, write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help="folder of a data set of passages")
    parser.add_argument("--memory", type=Path, required=True, help="its memory")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    dataset = read_dataset(options.data)
    chance = np.random.default_rng(options.seed)
    recalls: dict[str, list[float]] = {"as_asked": [], "misspelt": [], "not_looked_for": []}
    with closing(Memory.open(options.memory)) as memory:
        for namespace, items in dataset.corpora.items():
            bound = memory.with_namespace(namespace)
            if not any(True for _ in bound.sources()):
                list(bound.add_many(items))
            # Not of the SDK: names are misspelt where the index finds them.
            index = bound._reading.index()
            known = index.spelling
            for question in dataset.questions:
                if question.namespace != namespace or not question.gold:
                    continue
                wrong = misspelt(index, question.text, chance)
                if wrong is not None:
                    asked = {"as_asked": question.text, "misspelt": wrong, "not_looked_for": wrong}
                    for way, text in asked.items():
                        vars(index)["spelling"] = Spelling(()) if way == "not_looked_for" else known
                        recalls[way].append(recall(bound, text, frozenset(question.gold)))
                    vars(index)["spelling"] = known
    write(
        {**summary(recalls), "dataset": dataset.name, "drawn_by": options.seed, **about_run()},
        RESULTS / "misspelt.json",
    )
    return 0


def misspelt(index: PassageIndex, question: str, chance: np.random.Generator) -> str | None:
    """The question with a letter wrong in a name; ``None`` where none is found in it."""
    tokens = tokenise(question)
    words = [
        token
        for span in names_in(index, question, tokens)
        for token in tokens[span.start : span.end]
        if len(token.text) >= LEAST and question[token.start : token.end].isalpha()
    ]
    if not words:
        return None
    word = words[int(chance.integers(len(words)))]
    right = question[word.start : word.end]
    while (wrong := with_a_slip(right, chance)).lower() == right.lower():
        pass
    wrong = wrong[0].upper() + wrong[1:] if word.is_capital else wrong
    return f"{question[: word.start]}{wrong}{question[word.end :]}"


def with_a_slip(word: str, chance: np.random.Generator) -> str:
    """A word with a letter changed, left out, put in, or exchanged with the next."""
    at, letter = int(chance.integers(len(word))), str(chance.choice(list(string.ascii_lowercase)))
    before, after = word[:at], word[at + 1 :]
    slips = (
        f"{before}{letter}{after}",
        f"{before}{after}",
        f"{before}{letter}{word[at:]}",
        f"{before}{after[:1]}{word[at]}{after[1:]}",
    )
    return str(chance.choice(slips))


def recall(memory: Memory, text: str, gold: frozenset[str]) -> float:
    """Share of the gold passages among the first :data:`K` sources."""
    found = dict.fromkeys(hit.source for hit in memory.search(text, k=4 * K))
    return len(gold & set(list(found)[:K])) / len(gold)


def summary(recalls: Mapping[str, list[float]]) -> dict[str, Any]:
    """Recall of each way to ask."""
    return {
        "questions": len(recalls["as_asked"]),
        f"recall@{K}": {way: round(float(np.mean(found)), 4) for way, found in recalls.items()},
    }


if __name__ == "__main__":
    sys.exit(main())
