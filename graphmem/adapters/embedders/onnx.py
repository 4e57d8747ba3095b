"""Embeddings by an ONNX model: onnxruntime and a tokenizer, no deep learning framework.

Each text runs through the model alone. Weights of an int8 model are quantised once, activations
anew for every run and over all of its input, so a text's vector would otherwise depend on its
neighbours in the batch (cosine down to 0.99). Alone it is the same bytes always, is not padded,
and costs no more where texts are long: threads share the session, one text each. Short ones cost
as much for the model's weights to pass by as for their tokens, so variants of a question, which
nothing keeps, run a few at a time.
"""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from graphmem.adapters.embedders.catalogue import MODEL_FILE, TOKENIZER_FILE, Recipe
from graphmem.adapters.embedders.onnx_weights import initializers
from graphmem.adapters.embedders.texts import checked
from graphmem.adapters.embedders.word_table import WordTable
from graphmem.errors import ModelUnavailableError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_TOGETHER = 3
"""Short texts in one run at most: three take less than twice as long as one."""
_BATCHED = 64
"""Words from which on it pays to wake the tokenizer's threads."""

Vectors = npt.NDArray[np.float32]


class OnnxEmbedder:
    """An embedder over the bytes of ``model.onnx`` and ``tokenizer.json``; threads may share it.

    Raises `ModelUnavailableError` for files that are not a tokenizer, or not a model with token
    vectors as its output.
    """

    def __init__(
        self, recipe: Recipe, files: Mapping[str, bytes], *, threads: int | None = None
    ) -> None:
        self._recipe = recipe
        self._tokenizer_json = files[TOKENIZER_FILE]
        self._threads = threads or os.cpu_count() or 1
        self._tokenizer = _tokenizer(recipe, self._tokenizer_json)
        self._tokenizer.enable_truncation(recipe.max_tokens)
        self._session = _session(recipe, files[MODEL_FILE])
        self._model = files[MODEL_FILE]
        self._inputs = {node.name for node in self._session.get_inputs()}
        self._output, self._dimension = self._probe()

    @property
    def name(self) -> str:
        """Model and quantisation."""
        return self._recipe.name

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._dimension

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of passages, shape (n, dimension); a text too long is read to its limit."""
        return self._embed(texts, self._recipe.passage_prefix)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of questions, shape (n, dimension)."""
        return self._embed(texts, self._recipe.query_prefix)

    def embed_variants(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of passages, shape (n, dimension), in as few runs as can be, of a size."""
        n_runs = max(math.ceil(len(texts) / _TOGETHER), 1)
        together = max(math.ceil(len(texts) / n_runs), 1)
        return self._embed(texts, self._recipe.passage_prefix, together=together)

    def embed_words(self, words: Sequence[str]) -> Vectors:
        """Unit vectors of words by the model's own table of word pieces, shape (n, d)."""
        if self._words is None:
            return np.empty((len(words), 0), np.float32)
        return self._words.vectors(self._pieces(checked(words)))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each whole text, special tokens left out."""
        encode = self._counter.encode
        return [len(encode(text, add_special_tokens=False).ids) for text in checked(texts)]

    def _pieces(self, words: Sequence[str]) -> list[list[int]]:
        """Rows of the words' pieces in the model's table."""
        counter = self._counter
        pieces: dict[str, list[int]] = {}
        if self._keeps_words:
            for word in filter(_is_plain, words):
                whole = counter.token_to_id(word)
                if whole is not None:
                    pieces[word] = [whole]
        others = [word for word in dict.fromkeys(words) if word not in pieces]
        if len(others) < _BATCHED:
            encoded = [counter.encode(word, add_special_tokens=False) for word in others]
        else:
            encoded = counter.encode_batch(others, add_special_tokens=False)
        pieces.update(zip(others, (word.ids for word in encoded), strict=True))
        return [pieces[word] for word in words]

    @cached_property
    def _keeps_words(self) -> bool:
        """Whether a plain word that is a piece itself is never taken apart: WordPiece matches the
        longest piece first, and BERT's steps before it leave such a word as it is."""
        from tokenizers import models, normalizers, pre_tokenizers

        counter = self._counter
        return (
            isinstance(counter.model, models.WordPiece)
            and isinstance(counter.normalizer, normalizers.BertNormalizer)
            and isinstance(counter.pre_tokenizer, pre_tokenizers.BertPreTokenizer)
        )

    @cached_property
    def _counter(self) -> Tokenizer:
        counter = _tokenizer(self._recipe, self._tokenizer_json)
        counter.no_truncation()
        return counter

    @cached_property
    def _words(self) -> WordTable | None:
        n_pieces = self._counter.get_vocab_size()
        for name, tensor in initializers(self._model):
            if "word_embeddings" in name and tensor.ndim == 2 and len(tensor) >= n_pieces:
                return WordTable(tensor)
        return None

    def _probe(self) -> tuple[str, int]:
        outputs = [node.name for node in self._session.get_outputs()]
        for name in outputs:
            shape = self._run(["a"], name)[0].shape
            if len(shape) == 3:
                return name, int(shape[2])
        raise ModelUnavailableError(
            f"The model {self.name} has no token vectors among its outputs ({', '.join(outputs)})",
            remedy="Name a model exported for feature extraction",
        )

    def _embed(self, texts: Sequence[str], prefix: str, *, together: int = 1) -> Vectors:
        given = checked(texts)
        vectors = np.empty((len(given), self._dimension), dtype=np.float32)
        if "attention_mask" not in self._inputs:  # padding would be read
            together = 1

        def fill(rows: list[int]) -> None:
            vectors[rows] = self._vectors([prefix + given[row] for row in rows])

        # The longest first, so that no thread is left with one when the others are done, and texts
        # of a length are together. Who is with whom does not hang on how many threads there are.
        order = sorted(range(len(given)), key=lambda row: len(given[row]), reverse=True)
        runs = [order[first : first + together] for first in range(0, len(order), together)]
        workers = min(self._threads, len(runs))
        if workers < 2:
            deque(map(fill, runs), maxlen=0)
        else:
            with ThreadPoolExecutor(workers, "graphmem-embed") as pool:
                deque(pool.map(fill, runs), maxlen=0)
        return vectors

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of texts that run together, shape (len(texts), dimension)."""
        tokens, mask = self._run(texts, self._output)
        if self._recipe.pooling == "cls":
            pooled = tokens[:, 0]
        else:
            counts = mask.sum(axis=1, keepdims=True)
            pooled = (tokens * mask[:, :, None]).sum(axis=1) / counts
        norms = np.linalg.norm(pooled, axis=1, keepdims=True)
        return np.asarray(pooled / np.maximum(norms, np.finfo(np.float32).tiny), np.float32)

    def _run(self, texts: Sequence[str], output: str) -> tuple[Vectors, npt.NDArray[np.float32]]:
        """Vectors of texts' tokens, shape (n, length, dimension), and which are no padding."""
        encoded = [self._tokenizer.encode(text).ids for text in texts]
        mask = np.zeros((len(encoded), max(map(len, encoded))), np.int64)
        ids = np.zeros_like(mask)
        for row, pieces in enumerate(encoded):
            ids[row, : len(pieces)] = pieces
            mask[row, : len(pieces)] = 1
        feed = {"input_ids": ids}
        if "attention_mask" in self._inputs:
            feed["attention_mask"] = mask
        if "token_type_ids" in self._inputs:
            feed["token_type_ids"] = np.zeros_like(ids)
        return np.asarray(self._session.run([output], feed)[0]), mask.astype(np.float32)


def _is_plain(word: str) -> bool:
    """Whether a word is of lower-case ASCII letters and digits only."""
    return word.isascii() and word.isalnum() and word == word.lower()


def _tokenizer(recipe: Recipe, data: bytes) -> Tokenizer:
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_buffer(data)
    except ValueError as cause:
        raise ModelUnavailableError(
            f"The tokenizer of {recipe.name} cannot be read: {cause}"
        ) from cause
    tokenizer.no_padding()
    return tokenizer


def _session(recipe: Recipe, data: bytes) -> Any:
    # Else the import writes a device id into the user's cache, to report by.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime as ort
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except (
        state.Fail,
        state.InvalidArgument,
        state.InvalidGraph,
        state.InvalidProtobuf,
        state.NotImplemented,
        state.RuntimeException,
    ) as cause:
        raise ModelUnavailableError(f"The model {recipe.name} cannot be loaded: {cause}") from cause
