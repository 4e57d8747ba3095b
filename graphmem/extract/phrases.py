"""Noun phrases: from a head noun to a member of a fact, with the names that stand inside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from graphmem.extract.inflection import is_reflexive
from graphmem.extract.lexicon import PERSON_NOUNS, PLACE_NOUNS, SITED_NOUNS
from graphmem.extract.page import Named, Page, Phrase, Referent
from graphmem.model.knowledge import EntityType

_LEFT: Final = frozenset(
    "det amod compound nummod nmod poss quantmod advmod predet punct npadvmod neg".split()
)
_NOMINAL: Final = frozenset(("NOUN", "PROPN", "NUM", "SYM", "X", "ADJ"))
_DROPPED_TAGS: Final = frozenset(
    ("DT", "PDT", "WDT", "PRP$", "WP$", "POS", "``", "''", "-LRB-", ",")
)
_JOINING: Final = frozenset((",", "and", "or", "the", "&", "as", "well"))
_TURNING: Final = frozenset("less least more most too hardly barely nearly almost partly".split())
STANDING: Final = (SITED_NOUNS - PLACE_NOUNS) | {"airport", "stadium", "arena", "bridge", "castle"}
"""Kinds of places that hold no others."""
_LONGEST = 11
_LONGEST_CONJUNCTION = 16
_LONGEST_ADDRESS = 5
_LONGEST_DEED = 14


def conjuncts(page: Page, head: int) -> list[int]:
    """The head and what is conjoined with it, in order."""
    parse = page.parse
    if head in page.several:
        return list(page.several[head])
    if is_deed(page, head):
        return [head]
    antecedent = page.antecedents.get(head)
    if isinstance(antecedent, int):
        beside = [] if parse.tags[head][:1] == "W" else conjuncts(page, antecedent)
        return beside if len(beside) > 1 else [head]
    found = [head]
    if isinstance(antecedent, Referent) and parse.words[head].lower() in ("i", "you", "we"):
        return found
    for token in found:
        if len(found) >= _LONGEST_CONJUNCTION:
            break
        own = page.name_at.get(token)
        found += [
            kid
            for kid in parse.children[token]
            if parse.deps[kid] == "conj"
            and (parse.pos[kid] in _NOMINAL or isinstance(page.antecedents.get(kid), Referent))
            and (own is None or page.name_at.get(kid) is not own)
            and (token not in page.time_at or page.time_at.get(kid) is not page.time_at[token])
            and not is_stray(page, token, kid)
            and not (own is not None and kid in containing_places(page, own))
        ]
    return found[:_LONGEST_CONJUNCTION]


def is_stray(page: Page, name: int, conjunct: int) -> bool:
    """Whether a conjunct belongs higher up: "daughter of Boso and sister of Hucbert"."""
    parse = page.parse
    return (
        name in page.name_at
        and conjunct not in page.name_at
        and parse.deps[name] == "pobj"
        and parse.lemmas[conjunct] in PERSON_NOUNS
    )


def phrase_of(page: Page, head: int, *, with_of: bool = True) -> Phrase | None:
    """Read the noun phrase of a head; nothing for a pronoun that refers to nothing known.

    `with_of` takes an "of" phrase after the head in: "son of Boso".
    """
    key = (head, with_of)
    if key not in page.phrases:
        page.phrases[key] = _read_phrase(page, head, with_of=with_of)
    found: Phrase | None = page.phrases[key]
    return found


def _read_phrase(page: Page, head: int, *, with_of: bool) -> Phrase | None:
    antecedent = page.antecedents.get(head)
    if isinstance(antecedent, Referent):
        return _referred(page, head, antecedent)
    if antecedent is not None:
        is_noun = page.parse.pos[head] == "NOUN"
        meant = phrase_of(page, antecedent, with_of=with_of and not is_noun)
        start, end = page.parse.starts[head], page.parse.ends[head]
        return _again(meant)._replace(start=start, end=end) if meant else None
    named = page.name_at.get(head)
    if named and not _is_one_of(page, head, named):
        return _named(page, head, named)
    time = page.time_at.get(head)
    if time:
        text = page.parse.text[time.start : time.end]
        shown = time.name if time.is_relative else text
        return Phrase(head, time.name, shown, time.name, EntityType.DATE, time.start, time.end)
    if is_deed(page, head):
        return _done(page, head)
    return _apposed(page, head) or described(page, head, with_of=with_of)


def is_deed(page: Page, token: int) -> bool:
    """Whether a gerund stands where a noun could: "losing it hurt", "proud of winning"."""
    parse = page.parse
    return parse.tags[token] == "VBG" and parse.deps[token] in ("csubj", "pcomp", "dobj")


def _done(page: Page, gerund: int) -> Phrase | None:
    """What is done, all of it, as something is said of it: "losing my job was hard"."""
    parse = page.parse
    first, last = parse.left[gerund], parse.right[gerund] + 1
    inside = range(first, last)
    is_open = any(
        parse.tags[token] == "PRP"
        and token not in page.antecedents | page.several
        and not is_reflexive(parse.words[token])
        for token in inside
    )
    is_split = parse.child(parse.heads[gerund], "nsubj") is not None  # from what is its object
    if is_open or is_split or len(inside) > _LONGEST_DEED:
        return None
    text = written(page, first, last).strip(" ,-–")
    parts = dict.fromkeys(t for t in inside if page.referent(t) is not None)
    return Phrase(
        gerund,
        text,
        text[:1].lower() + text[1:],
        text,
        EntityType.CONCEPT,
        parse.starts[first],
        parse.ends[last - 1],
        tuple(parts),
    )


def _is_one_of(page: Page, head: int, named: Named) -> bool:
    """Whether a name of a group is said of one in it: "the first European"."""
    is_group = named.referent.type is EntityType.GROUP
    return is_group and page.parse.child(head, "amod", "nummod") is not None


def _again(phrase: Phrase) -> Phrase:
    """What was described is the one that was: "a shelf ... on it" is on the shelf."""
    article, _, rest = phrase.shown.partition(" ")
    return phrase._replace(shown=f"the {rest}") if article in ("a", "an") else phrase


def _is_relative(page: Page, head: int) -> bool:
    """Whether the phrase means what a relative pronoun in it means: "most of which"."""
    parse = page.parse
    prepositions = [kid for kid in parse.children[head] if parse.deps[kid] == "prep"]
    objects = (object_of(page, kid) for kid in prepositions)
    return any(inner is not None and parse.tags[inner] in ("WDT", "WP") for inner in objects)


def object_of(page: Page, preposition: int) -> int | None:
    """The head of a preposition's object, through a second preposition ("from within X")."""
    parse = page.parse
    inner = parse.child(preposition, "pobj")
    if inner is not None:
        return inner
    nested = parse.child(preposition, "prep")
    return None if nested is None else parse.child(nested, "pobj")


def written(page: Page, first: int, last: int) -> str:
    """The text of tokens ``[first, last)`` with pronouns replaced by what they refer to."""
    parse = page.parse
    pieces: list[str] = []
    for token in range(first, last):
        word = parse.words[token]
        if token in page.antecedents and parse.tags[token] in ("PRP$", "PRP", "WP$"):
            word = _pronoun_text(page, token) or word
        elif token in page.several:
            word = _joint_text(page, token)
        if pieces and parse.starts[token] > parse.ends[token - 1]:
            pieces.append(" ")
        pieces.append(word)
    return " ".join("".join(pieces).split())


def _pronoun_text(page: Page, token: int) -> str:
    referent = page.referent(token)
    antecedent = page.antecedents[token]
    if referent:
        text = referent.shown
    else:
        assert isinstance(antecedent, int)
        # As it stands: a pronoun inside the description could refer back to this one.
        first = max(_left_part(page, antecedent)[0], antecedent - _LONGEST)
        article = page.parse.words[first].lower() if first < antecedent else ""
        while first < antecedent and _is_dropped(page, first):
            first += 1
        text = _as_it_stands(page, first, antecedent + 1)
        if article in ("a", "an", "the"):
            text = f"the {text}"
    return possessive(text) if page.parse.tags[token] in ("PRP$", "WP$") else text


def _as_it_stands(page: Page, first: int, last: int) -> str:
    """The text of tokens with no pronoun replaced but those of who speaks and who listens."""
    parse = page.parse
    pieces: list[str] = []
    for token in range(first, last):
        meant = page.antecedents.get(token) if parse.tags[token] == "PRP$" else None
        word = possessive(meant.shown) if isinstance(meant, Referent) else parse.words[token]
        blank = " " if token > first and parse.starts[token] > parse.ends[token - 1] else ""
        pieces.append(blank + word)
    return "".join(pieces)


def with_indefinite(text: str) -> str:
    """A noun phrase after "a", or "an" before a vowel."""
    return f"{'an' if text[:1].lower() in 'aeiou' else 'a'} {text}"


def _joint_text(page: Page, token: int) -> str:
    """The names that a plural stands for: "Ann and Bob's"."""
    named = [page.referent(one) for one in page.several[token]]
    text = " and ".join(referent.shown for referent in named if referent)
    return possessive(text) if page.parse.tags[token] == "PRP$" else text


def possessive(name: str) -> str:
    """The genitive of a name."""
    return f"{name}'" if name.endswith("s") else f"{name}'s"


def _referred(page: Page, token: int, referent: Referent) -> Phrase:
    """A pronoun, or "the company", that stands for a name."""
    parse = page.parse
    is_possessive = parse.tags[token] in ("PRP$", "WP$")
    shown = possessive(referent.shown) if is_possessive else referent.shown
    start, end = parse.starts[token], parse.ends[token]
    return Phrase(token, referent.shown, shown, referent.name, referent.type, start, end)


def _named(page: Page, head: int, named: Named) -> Phrase:
    parse = page.parse
    text = named.referent.shown
    shown = text
    first = parse.tokens_in(named.start, named.end)[0]
    if first > 0 and parse.tags[first - 1] == "DT" and text == parse.text[named.start : named.end]:
        shown = f"{parse.words[first - 1].lower()} {text}"
    name, kind = named.referent.name, named.referent.type
    parts = tuple(dict.fromkeys([*containing_places(page, named), *_appended(page, head)]))
    shown += _address(page, named)
    return Phrase(head, text, shown, name, kind, named.start, named.end, parts)


def _address(page: Page, named: Named | None) -> str:
    """What a place is in, as it goes on after its name: ", Veracruz, Mexico"."""
    if named is None:
        return ""
    places = [page.name_at[last] for last in containing_places(page, named)]
    return "".join(f", {place.referent.shown}" for place in places)


def _appended(page: Page, name: int) -> Iterator[int]:
    """The names that stand beside a name after a comma: "Marie Byrd Land, Antarctica"."""
    parse = page.parse
    own = page.name_at.get(name)
    for kid in parse.children[name]:
        other = page.name_at.get(kid)
        if kid > name and parse.deps[kid] == "appos" and other is not None and other is not own:
            yield kid


def _apposed(page: Page, head: int) -> Phrase | None:
    """ "His brother, Guy" is Guy."""
    parse = page.parse
    name = parse.child(head, "appos")
    if name is None or name not in page.name_at or parse.tags[head] in ("NNS", "NNPS"):
        return None
    description = described(page, head, with_of=True)
    if description is None:
        return None
    phrase = _named(page, name, page.name_at[name])
    return phrase._replace(shown=f"{description.shown}, {phrase.text},", parts=description.parts)


def containing_places(page: Page, named: Named) -> Iterator[int]:
    """The last tokens of the places in "Adana, Ottoman Empire" after the first; none for a list."""
    if named.referent.type is not EntityType.PLACE:
        return
    before, after = _run_of_names(page, named, step=-1), _run_of_names(page, named, step=1)
    end = page.parse.tokens_in((after or [named])[-1].start, (after or [named])[-1].end)[1]
    if len(before) + len(after) >= _LONGEST_ADDRESS or _goes_on(page, end):
        return
    for place in after:
        kind = place.referent.shown.rpartition(" ")[2].lower()
        if place.referent.type is not EntityType.PLACE or kind in STANDING:
            return  # no town is in an airport
        yield page.parse.tokens_in(place.start, place.end)[1] - 1


def _run_of_names(page: Page, named: Named, *, step: int) -> list[Named]:
    """The names after a name, or before it, with nothing but commas between."""
    parse = page.parse
    found: list[Named] = []
    while len(found) < _LONGEST_ADDRESS:
        first, last = parse.tokens_in(named.start, named.end)
        comma = last if step > 0 else first - 1
        if step < 0 and comma > 0 and parse.tags[comma] == "DT":
            comma -= 1
        beyond = comma + step
        if step > 0 and beyond < len(parse) and parse.tags[beyond] == "DT":
            beyond += 1
        other = page.name_at.get(beyond) if 0 < comma < len(parse) - 1 else None
        if other is None or parse.words[comma] != ",":
            break
        found.append(other)
        named = other
    return found


def _goes_on(page: Page, token: int) -> bool:
    """Whether a list goes on here: with "and" or "as well as" and a name, maybe after a comma."""
    parse = page.parse
    first = token
    while token < len(parse) and parse.words[token].lower() in _JOINING:
        token += 1
    joined = {word.lower() for word in parse.words[first:token]}
    return token in page.name_at and bool(joined & {"and", "or", "&", "as"})


def described(page: Page, head: int, *, with_of: bool) -> Phrase | None:
    """A phrase around a common noun; names in it that are not its head become its parts."""
    parse = page.parse
    if parse.pos[head] not in _NOMINAL or _is_relative(page, head):
        return None
    first, last, parts = _extent(page, head, with_of=with_of)
    begin = first
    while begin < head and _is_dropped(page, begin):
        begin += 1
    text = written(page, begin, last).strip(" \"'“”`-–,").removeprefix("the ")
    if not any(c.isalnum() for c in text) or (len(text) < 3 and text.islower()):
        return None
    is_number = parse.pos[head] == "NUM" or text[-1].isdigit()
    return Phrase(
        head,
        text,
        _shown(page, first, last) + _address(page, page.name_at.get(last - 1)),
        text,
        EntityType.NUMBER if is_number else EntityType.CONCEPT,
        parse.starts[begin],
        parse.ends[last - 1],
        tuple(dict.fromkeys(parts)),
    )


def _extent(page: Page, head: int, *, with_of: bool) -> tuple[int, int, list[int]]:
    """The first token of a phrase, the one after its last, and the heads of names in it."""
    parse = page.parse
    first, parts = _left_part(page, head)
    if parse.pos[head] == "ADJ":  # "so happy" is happy; but "self-made" stays whole
        while first < head and parse.deps[first] == "advmod" and not _turns(page, first):
            first += 1
    if head - first >= _LONGEST:
        owner = parse.child(head, "poss")
        first = head - _LONGEST + 1 if owner is None else parse.right[owner] + 1
        first = max(first, head - _LONGEST + 1)
    for kid in parse.children[head]:
        if parse.deps[kid] == "appos":
            parts += [token for token in conjuncts(page, kid) if token in page.name_at]
    last = head + 1
    if last < len(parse) and parse.deps[last] == "nummod" and parse.heads[last] == head:
        last += 1
    for kid in parse.children[head]:  # "a few times a week"
        if parse.deps[kid] == "npadvmod" and parse.left[kid] == last and kid not in page.time_at:
            last = kid + 1
    if with_of:
        end, inner = _of_part(page, head)
        parts += inner
        if end - first <= _LONGEST:
            last = max(last, end)
    return first, last, parts


def _turns(page: Page, adverb: int) -> bool:
    """Whether an adverb makes another thing of what it stands before: "less successful"."""
    return page.parse.words[adverb].lower() in _TURNING


def _left_part(page: Page, head: int) -> tuple[int, list[int]]:
    """Where the phrase begins, and the names before its head: possessors and compounds."""
    parse = page.parse
    first = head
    parts: list[int] = []
    for kid in reversed(parse.children[head]):
        if kid > head or parse.deps[kid] not in _LEFT:
            continue
        if parse.right[kid] >= first or parse.right[kid] < first - 2:
            break
        first = min(first, parse.left[kid])
        referent = page.referent(kid)
        is_named = referent is not None and referent.type is not EntityType.GROUP
        if is_named and parse.deps[kid] in ("poss", "compound", "nmod"):
            owners = conjuncts(page, kid) if parse.deps[kid] == "poss" else [kid]
            parts += owners if owners[0] == kid else [kid]
    return first, parts


def _of_part(page: Page, head: int) -> tuple[int, list[int]]:
    """Where an "of" phrase after the head ends, and the names in it."""
    parse = page.parse
    for kid in parse.children[head]:
        if kid == head + 1 and parse.deps[kid] == "prep" and parse.words[kid].lower() == "of":
            inner = object_of(page, kid)
            deed = parse.child(kid, "pcomp")
            if inner is None and deed is not None and is_deed(page, deed):  # "a love of reading"
                last = parse.right[deed] + 1
                return last, [t for t in range(deed, last) if page.referent(t) is not None]
            if inner is None:
                break
            beside = conjuncts(page, inner)[1:]
            named = page.name_at.get(inner)
            if named:
                end = max(parse.tokens_in(named.start, named.end)[1], inner + 1)
                return end, [inner, *containing_places(page, named), *beside]
            last, parts = _of_part(page, inner)
            before = _left_part(page, inner)[1]
            own = [inner] if page.referent(inner) or inner in page.time_at else []
            return last, [*own, *before, *parts, *beside]
    return head + 1, []


def _is_dropped(page: Page, token: int) -> bool:
    if token in page.antecedents or token in page.several:
        return False
    return page.parse.tags[token] in _DROPPED_TAGS or page.parse.deps[token] in ("det", "punct")


def _shown(page: Page, first: int, last: int) -> str:
    text = written(page, first, last)
    return text[:1].lower() + text[1:] if _is_common(page, first) else text


def _is_common(page: Page, token: int) -> bool:
    """Whether a word has a capital only because a sentence begins with it."""
    parse = page.parse
    if parse.tags[token] in ("DT", "PDT", "IN"):
        return True
    is_opening = any(first == token for first, _ in parse.sentences)
    is_proper = parse.pos[token] == "PROPN" or token in page.name_at or token in page.antecedents
    return is_opening and not is_proper and parse.words[token][1:].islower()
