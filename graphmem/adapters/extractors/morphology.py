"""Parts of speech and lemmas by the rules of a spaCy pipeline, each word's worked out once.

Nearly all of those rules look at one token, at its word, its tag and its relation, so what they say
of one holds for all that are alike. Matching them against every token anew took a sixth of all
reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, Token

_KEPT = 100_000
_LEMMATISED: Final = frozenset(("VERB", "AUX", "NOUN", "ADJ"))
_HISSING: Final = ("s", "x", "z", "ch", "sh", "o", "y", "i")
_OTHER: Final = "dep"
"""Stands for every relation that no rule names."""


class _Known(NamedTuple):
    """What the rules make of a word; `is_opening` where it may begin a rule of several tokens."""

    pos: str
    lemma: str
    is_opening: bool


class Morphology:
    """The attribute ruler and the lemmatizer of a pipeline that runs without them."""

    def __init__(self, language: Language) -> None:
        from spacy.matcher import Matcher

        self._vocab = language.vocab
        ruler: Any = language.get_pipe("attribute_ruler")
        self._ruler = ruler
        self._lemmatizer: Any = language.get_pipe("lemmatizer")
        patterns = [pattern for rule in ruler.patterns for pattern in rule["patterns"]]
        self._openings = Matcher(self._vocab)
        self._openings.add("opening", [pattern[:1] for pattern in patterns if len(pattern) > 1])
        self._relations = frozenset(_named([token.get("DEP") for p in patterns for token in p]))
        self._known: dict[tuple[str, str, str], _Known] = {}

    def of(
        self, doc: Doc, words: Sequence[str], tags: Sequence[str], deps: Sequence[str]
    ) -> tuple[list[str], list[str]]:
        """The part of speech and the lemma of every token, the lemma in lower case."""
        known = [self._of(*key) for key in zip(words, tags, deps, strict=True)]
        if any(found.is_opening for found in known):
            self._ruler(doc)
            return [token.pos_ for token in doc], [self._lemma(token) for token in doc]
        return [found.pos for found in known], [found.lemma for found in known]

    def _of(self, word: str, tag: str, dep: str) -> _Known:
        key = (word, tag, dep if dep in self._relations else _OTHER)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _KEPT:
                self._known.clear()
            found = self._known[key] = self._looked_up(*key)
        return found

    def _looked_up(self, word: str, tag: str, dep: str) -> _Known:
        from spacy.tokens import Doc

        alone = Doc(self._vocab, words=[word], spaces=[False], tags=[tag], deps=[dep], heads=[0])
        is_opening = bool(self._openings(alone, allow_missing=True))
        self._ruler(alone)
        return _Known(alone[0].pos_, self._lemma(alone[0]), is_opening)

    def _lemma(self, token: Token) -> str:
        if token.pos_ not in _LEMMATISED:
            return token.lower_
        if token.lemma != 0:  # set by the rules, as for auxiliaries
            return token.lemma_.lower()
        lemma: str = self._lemmatizer.lemmatize(token)[0].lower()
        # "-es" follows a hiss or "o" only: "hopes" is of "hope", not of "hop".
        is_cut = token.lower_ == f"{lemma}es" and not lemma.endswith(_HISSING)
        return f"{lemma}e" if is_cut else lemma


def _named(conditions: Sequence[Any]) -> list[str]:
    """The values that a matcher's conditions name: a plain one, or a list of them."""
    found: list[str] = []
    for condition in conditions:
        if isinstance(condition, str):
            found.append(condition)
        elif condition is not None:
            found += [value for values in condition.values() for value in values]
    return found
