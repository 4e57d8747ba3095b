"""The data sets that benches run on: as they are, without titles, and all in one memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from graphmem.evaluation.datasets import Dataset, Shape, read_dataset
from graphmem.model.source import DEFAULT_NAMESPACE

MERGED = "merged"
UNTITLED = "-untitled"


def folders_in(bench: Path) -> list[Path]:
    """The folders that hold a data set, by name."""
    return sorted(path.parent for path in bench.glob("*/queries.jsonl"))


def has_passages(folder: Path) -> bool:
    """Whether a data set is of passages, and not of talk."""
    return (folder / "corpus.jsonl").is_file()


def untitled(folder: Path) -> Dataset:
    """A data set of passages whose titles are withheld."""
    dataset = read_dataset(folder, titles=False)
    return dataset.model_copy(update={"name": f"{folder.name}{UNTITLED}"})


def merged(folders: Sequence[Path]) -> Dataset:
    """Passage sets as one: ids are ``SET:ID``, and a question's type is the set it is from."""
    sets = [read_dataset(folder) for folder in folders]
    return Dataset(
        name=MERGED,
        shape=Shape.PASSAGES,
        corpora={
            DEFAULT_NAMESPACE: tuple(
                item.model_copy(update={"source": f"{one.name}:{item.source}"})
                for one in sets
                for items in one.corpora.values()
                for item in items
            )
        },
        items=sum(one.items for one in sets),
        questions=tuple(
            question.model_copy(
                update={
                    "id": f"{one.name}:{question.id}",
                    "gold": tuple(f"{one.name}:{gold}" for gold in question.gold),
                    "type": one.name,
                }
            )
            for one in sets
            for question in one.questions
        ),
        unknown_gold=tuple(f"{one.name}:{gold}" for one in sets for gold in one.unknown_gold),
    )
