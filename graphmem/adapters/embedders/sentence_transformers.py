"""Embeddings by any model of sentence-transformers, on a GPU where there is one; an extra."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from graphmem.adapters.embedders.texts import checked
from graphmem.adapters.embedders.word_table import WordTable
from graphmem.adapters.torch_models import identity_of, load_model


class SentenceTransformersEmbedder:
    """An embedder over a model's name on the hub, or the folder it was saved in.

    `device` is torch's name for it ("cpu", "cuda:1"); by default the best there is. With `offline`
    nothing is fetched. Runs one call at a time, since a torch model is not made for more.

    Raises
    ------
    ConfigurationError
        The package is not installed, or there is no such device.
    ModelUnavailableError
        The model is neither there nor to be fetched.
    """

    def __init__(self, model: str, *, device: str | None = None, offline: bool = False) -> None:
        place, identity = identity_of(model)
        self._model = load_model(
            "SentenceTransformer",
            place,
            setting="GRAPHMEM_EMBEDDER",
            device=device,
            offline=offline,
        )
        self._name = f"sentence-transformers:{identity}"
        self._lock = threading.Lock()
        prompts = {name for name, prompt in self._model.prompts.items() if prompt}
        self._query_prompt = "query" if "query" in prompts else None
        self._passage_prompt = next((p for p in ("document", "passage") if p in prompts), None)
        self._dimension = int(self._encode(["a"], None).shape[1])

    @property
    def name(self) -> str:
        """The model's name on the hub, or its folder's with a digest of the weights."""
        return self._name

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._dimension

    @property
    def device(self) -> str:
        """Where the model runs, in torch's words."""
        return str(self._model.device)

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Unit vectors of passages, shape (n, dimension); a text too long is read to its limit."""
        return self._encode(checked(texts), self._passage_prompt)

    def embed_queries(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Unit vectors of questions, shape (n, dimension), with the model's own prompt."""
        return self._encode(checked(texts), self._query_prompt)

    def embed_variants(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """As :meth:`embed`, which runs texts together."""
        return self.embed(texts)

    def embed_words(self, words: Sequence[str]) -> npt.NDArray[np.float32]:
        """Unit vectors of words by the model's own table of word pieces, shape (n, d)."""
        given = checked(words)
        if self._words is None or not given:
            return np.empty((len(given), 0), np.float32)
        with self._lock:
            tokens = self._model.tokenizer(given, add_special_tokens=False, verbose=False)
        return self._words.vectors(tokens["input_ids"])

    @cached_property
    def _words(self) -> WordTable | None:
        transformer = getattr(self._model[0], "auto_model", None)
        if transformer is None:  # a bag-of-words model, or an image's
            return None
        table = transformer.get_input_embeddings().weight
        return WordTable(table.detach().float().cpu().numpy())

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each whole text, special tokens left out."""
        given = checked(texts)
        if not given:
            return []
        with self._lock:
            tokens = self._model.tokenizer(given, add_special_tokens=False, verbose=False)
        return [len(ids) for ids in tokens["input_ids"]]

    def _encode(self, texts: list[str], prompt: str | None) -> npt.NDArray[np.float32]:
        if not texts:
            return np.empty((0, self._dimension), dtype=np.float32)
        with self._lock:
            vectors = self._model.encode(
                texts,
                prompt_name=prompt,
                normalize_embeddings=True,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
        return np.asarray(vectors, dtype=np.float32)
