"""What graph mode weighs: candidates with a value for every signal, and how they were reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from graphmem.index.turns import Turns
from graphmem.kernels.arrays import Doubles, Ints
from graphmem.retrieve.question import Question
from graphmem.retrieve.reach import Reach


@dataclass(frozen=True, slots=True)
class Pool:
    """Candidates for one question; `signals` are of shape (n_candidates,).

    `kind` names the weights that are theirs. `places` are set for a question whose answer stands
    in several places: a candidate beside another tells less than one elsewhere. `turns`
    are set where the candidates are turns of talk.
    """

    kind: str
    rows: Ints
    signals: Mapping[str, Doubles]
    question: Question
    reaches: Mapping[str, Reach] = field(default_factory=dict)
    places: Ints | None = None
    turns: Turns | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """Passages best first, their scores, and what explains them: shares that sum to the score.

    `note` is what there is to tell of how the order came about.
    """

    rows: Ints
    scores: Doubles
    shares: Mapping[str, Doubles] = field(default_factory=dict)
    question: Question | None = None
    reaches: Mapping[str, Reach] = field(default_factory=dict)
    turns: Turns | None = None
    note: str = ""

    def cut(self, k: int) -> Ranking:
        """The k best of it."""
        shares = {name: part[:k] for name, part in self.shares.items()}
        return replace(self, rows=self.rows[:k], scores=self.scores[:k], shares=shares)
