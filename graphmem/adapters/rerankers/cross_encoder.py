"""Reranking by a cross-encoder of sentence-transformers: question and passage read as one."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from graphmem.adapters.torch_models import identity_of, load_model
from graphmem.errors import ConfigurationError, ModelUnavailableError
from graphmem.ports.reranker import Judged


class CrossEncoderReranker:
    """A cross-encoder over a model's name on the hub, or the folder it was saved in.

    `device` is torch's name for it; by default the best there is. With `offline` nothing is
    fetched. Runs one call at a time, since a torch model is not made for more.

    Raises
    ------
    ConfigurationError
        The package is not installed, there is no such device, or the model gives several scores.
    ModelUnavailableError
        The model is neither there nor to be fetched.
    """

    def __init__(self, model: str, *, device: str | None = None, offline: bool = False) -> None:
        place, identity = identity_of(model)
        self._model = load_model(
            "CrossEncoder", place, setting="GRAPHMEM_RERANKER", device=device, offline=offline
        )
        if self._model.num_labels != 1:
            raise ConfigurationError(
                f"The model {model} gives {self._model.num_labels} scores for a pair, not one",
                remedy="Name a cross-encoder that was trained to rank",
            )
        self._name = f"cross-encoder:{identity}"
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The model's name on the hub, or its folder's with a digest of the weights."""
        return self._name

    def judge(self, question: str, texts: Sequence[str]) -> Judged:
        """The model's logits: a squashed score would lose the distances at its ends."""
        from torch.nn import Identity

        if not texts:
            return Judged(())
        with self._lock:
            found = self._model.predict(
                [(question, text) for text in texts],
                activation_fn=Identity(),
                show_progress_bar=False,
            )
        scores = np.asarray(found, np.float64).reshape(-1)
        if not np.isfinite(scores).all():
            raise ModelUnavailableError(
                f"{self._name} gives scores that are no numbers", remedy="Name another model"
            )
        return Judged(tuple(scores.tolist()))
