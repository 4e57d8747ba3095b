"""Wording: a fact's parts as a sentence of its own, in the third person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from graphmem.extract.clauses import Clause, class_of, is_caused
from graphmem.extract.inflection import past, third_person
from graphmem.extract.page import Page, Phrase
from graphmem.extract.phrases import conjuncts, phrase_of
from graphmem.model.knowledge import Polarity
from graphmem.model.time import Precision

_FULL_FORMS: Final = {
    "n't": "not", "n’t": "not", "ca": "can", "wo": "will", "sha": "shall",
    "'ll": "will", "’ll": "will", "'m": "is", "’m": "is", "'re": "are", "’re": "are",
    "'ve": "have", "’ve": "have", "gon": "going", "wan": "want", "na": "to",
}  # fmt: skip
_THIRD: Final = {"am": "is", "are": "is", "were": "was", "have": "has", "do": "does"}
_PARTICIPLES: Final = {"being": ("was", "is"), "having": ("had", "has")}
_LASTING: Final = frozenset("know call locate situate consider regard".split())
_DOING: Final = ("did", "does", "do")
_PARTNERS: Final = ("i", "me", "you", "we", "us")


GOVERNOR: Final = "governor"
"""The role of who makes somebody do something, which the sentence says as it begins."""


class Slot(NamedTuple):
    """A member on its way into a fact: its role, where and how it goes into the sentence."""

    role: str
    phrase: Phrase
    position: int
    lead: str = ""


def sentence_of(page: Page, clause: Clause, slots: Sequence[Slot]) -> str:
    """The fact's words: subject, verb group, then the rest as it stood."""
    parse = page.parse
    pieces = [slot.phrase.shown for slot in slots if slot.position < 0]
    if pieces and parse.child(clause.verb, "expl") is not None:
        pieces = ["there", verb_text(page, clause), *pieces]
        return " ".join([*pieces, *_rest(page, slots)])
    if not pieces and clause.subjects:
        pieces = [parse.words[clause.subjects[0]]]
    noun = class_of(page, clause)
    described = next((s for s in slots if noun is not None and s.phrase.head == noun), None)
    if described is not None and noun is not None:
        pieces += [parse.words[parse.heads[noun]], described.phrase.shown]
    infinitive = governed(page, clause, next((s for s in slots if s.position < 0), None))
    if infinitive:
        pieces = [infinitive]
    else:
        pieces.append(verb_text(page, clause, is_alone=_agrees_alone(page, clause, slots)))
    rest = [slot for slot in slots if slot is not described]
    return " ".join([*pieces, *_rest(page, rest)])


def governed(page: Page, clause: Clause, chosen: Slot | None) -> str:
    """An infinitive after the core of the clause that it completes: "Ann asked Bob to leave"."""
    above = clause.governor
    is_effect = is_caused(page, clause.verb)
    is_led = page.parse.tags[clause.group[0]] == "TO" or is_effect
    if above is None or not is_led or not above.subjects:
        return ""
    kept = [*above.recipients, *above.objects, *above.attributes]
    if is_effect:
        kept += [token for token in clause.subjects if token > above.verb and token not in kept]
    before = sorted(token for token in kept if token < clause.verb)
    phrases = [phrase_of(page, token) for token in (above.subjects[0], *before)]
    subject, *others = [phrase.shown for phrase in phrases if phrase] or [""]
    if phrases[0] is None or not subject:
        return ""
    if chosen is not None and clause.subjects == above.subjects:  # one of several
        subject = chosen.phrase.shown
    words = [page.parse.words[token] for token in clause.group if token > above.verb]
    if page.parse.tags[above.group[0]] == "TO":
        lead = governed(page, above, chosen if clause.subjects == above.subjects else None)
        return " ".join([lead, *others, *words]) if lead else ""
    return " ".join([subject, verb_text(page, above), *others, *words])


def _rest(page: Page, slots: Sequence[Slot]) -> list[str]:
    pieces: list[str] = []
    later = [slot for slot in slots if slot.position >= 0 and slot.role != GOVERNOR]
    for slot in sorted(later, key=lambda slot: slot.position):
        lead = slot.lead or (_lead_of_time(page, slot) if slot.role == "time" else "")
        pieces.append(f"{lead} {slot.phrase.shown}" if lead else slot.phrase.shown)
    return pieces


def finished(sentence: str) -> str:
    """With a capital at its start and a full stop at its end."""
    if sentence.count('"') % 2:  # the other one stands outside of what is told
        sentence = sentence.replace('"', " ")
    sentence = " ".join(sentence.split()).replace(" ,", ",").lstrip(",;:- ")
    return f"{sentence[:1].upper()}{sentence[1:].rstrip('.,')}."


def _lead_of_time(page: Page, slot: Slot) -> str:
    time = page.time_at.get(slot.phrase.head)
    if time is None:
        return ""
    if slot.phrase.text.startswith("week"):
        return "in the"
    if time.interval.start is None or time.interval.end is None:
        return "since" if time.interval.start else "until"
    is_day = time.interval.precision is Precision.DAY and "–" not in slot.phrase.text
    return "on" if is_day else "in"


def _agrees_alone(page: Page, clause: Clause, slots: Sequence[Slot]) -> bool:
    """Whether one of several subjects, each in a fact of its own, is singular."""
    first = next((slot.phrase.head for slot in slots if slot.position < 0), None)
    if first is None or not clause.subjects:
        return False
    is_one = page.parse.words[first].lower() in ("he", "she", "it")
    if not is_one and page.parse.tags[first] not in ("NN", "NNP"):
        return False
    return any(len(conjuncts(page, subject)) > 1 for subject in clause.subjects)


def verb_text(page: Page, clause: Clause, *, is_alone: bool = False) -> str:
    """The verb with its auxiliaries, in full forms and in the third person."""
    parse = page.parse
    group = list(dict.fromkeys(clause.group))
    is_third = _is_third_person(page, clause)
    words: list[str] = []
    for token in group:
        word = _full_form(page, token)
        joined = token - 1 in group and parse.starts[token] == parse.ends[token - 1]
        if words and joined and word == parse.words[token]:
            words[-1] += word
        else:
            words.append(word)
    first = parse.tags[group[0]]
    if clause.is_neither:
        words = _denied(page, clause, group, words)
    words[0] = "been" if words[0] == "Been" else words[0]
    if words[0] == "been" or words[:2] == ["is", "been"]:
        words = ["has", *words[words[0] == "is" :]]
    if is_alone and first == "VBP":
        words[0] = third_person(words[0])
    elif is_alone:
        words[0] = _THIRD.get(words[0].lower(), words[0])
    lead = next((n for n, t in enumerate(group) if parse.pos[t] in ("VERB", "AUX")), 0)
    if len(words) == len(group) and lead:  # "I really like"
        if is_third:
            is_alone = len(group) == lead + 1
            words[lead] = _agreeing(words[lead], parse.tags[group[lead]], is_alone=is_alone)
    elif is_third and (words[0] == parse.words[group[0]] or words[0] in _THIRD):
        is_alone = len(group) == 1 or parse.tags[group[1]] == "TO"
        words[0] = _agreeing(words[0], first, is_alone=is_alone)
    if clause.is_question and len(words) > 1 and words[0].lower() in _DOING:
        words = _undone(words[0].lower(), words[1:], parse.lemmas[clause.verb])
    if not words[0].isupper():
        words[0] = words[0][:1].lower() + words[0][1:]
    return " ".join(_finite(page, clause, group, words))


def _undone(helper: str, rest: list[str], lemma: str) -> list[str]:
    """A verb without the "did" that only asks: "Where did you go"."""
    at = next((n for n, word in enumerate(rest) if word.lower() == lemma.lower()), None)
    if "to" in rest[1:]:  # "Did you manage to see it?"
        at = rest.index("to", 1) - 1
        lemma = rest[at].lower()
    if at is None or "not" in rest:
        return [helper, *rest]
    verb = past(lemma, rest[at]) if helper == "did" else lemma
    if helper == "does":
        verb = third_person(lemma)
    return [*rest[:at], verb, *rest[at + 1 :]]


def _denied(page: Page, clause: Clause, group: Sequence[int], words: list[str]) -> list[str]:
    """The words with the "not" that stands outside of them: "neither Ann nor Bob came"."""
    parse = page.parse
    lemma, tag = parse.lemmas[clause.verb], parse.tags[group[0]]
    if len(group) > 1 or lemma == "be":
        return [words[0], "not", *words[1:]]
    helper = "did" if tag == "VBD" else "does" if tag == "VBZ" else "do"
    return [helper, "not", lemma]


def _finite(page: Page, clause: Clause, group: Sequence[int], words: list[str]) -> list[str]:
    """The words with what makes an infinitive or a bare participle a predicate."""
    parse = page.parse
    verb = clause.verb
    is_going_on = clause.is_elided and page.topic is None  # "Hoping to win"
    if parse.tags[group[0]] == "TO" or (is_going_on and parse.tags[group[0]] == "VBG"):
        return ["is", *words]
    if group[0] != verb and words[0] in _PARTICIPLES:
        return [_PARTICIPLES[words[0]][_is_present(page, clause.verb)], *words[1:]]
    is_participle = clause.is_passive or parse.tags[verb] == "VBG"
    if class_of(page, clause) is not None or not is_participle or not _is_bare(page, clause, group):
        return words
    is_plural = _is_plural(page, clause)
    written, lemma = parse.words[verb].lower(), parse.lemmas[verb]
    if clause.is_passive or written == lemma:
        is_lasting = clause.is_passive and lemma in _LASTING and _is_present(page, clause.verb)
        forms = ("is", "are") if is_lasting else ("was", "were")
        return [forms[is_plural], *words]
    if clause.polarity is Polarity.NEGATIVE and parse.deps[verb] == "pcomp":  # "without asking"
        return ["does" if _is_present(page, clause.verb) else "did", "not", lemma]
    if not _is_present(page, clause.verb):
        finite = "were" if lemma == "be" and is_plural else past(lemma, written)
    else:
        finite = lemma if is_plural else third_person(lemma)
    return [finite if word.lower() == written else word for word in words]


def _is_plural(page: Page, clause: Clause) -> bool:
    return bool(clause.subjects) and page.parse.tags[clause.subjects[0]] in ("NNS", "NNPS")


def _is_present(page: Page, verb: int) -> bool:
    """Whether the clause that a participle belongs to is in the present tense."""
    parse = page.parse
    above = verb
    while parse.heads[above] != above:
        above = parse.heads[above]
        group = (above, *(kid for kid in parse.children[above] if parse.deps[kid] == "aux"))
        tags = {parse.tags[token] for token in group}
        if tags & {"VBZ", "VBP"}:
            return True
        if tags & {"VBD", "MD"}:
            return False
    return False


def _is_bare(page: Page, clause: Clause, group: Sequence[int]) -> bool:
    """Whether a participle has no auxiliary and no other verb before it."""
    parse = page.parse
    verbs = [token for token in group if parse.pos[token] in ("VERB", "AUX")]
    return verbs[:1] == [clause.verb]


def _full_form(page: Page, token: int) -> str:
    """A contraction's full form: "'s" is "has" before a participle of another verb."""
    word = page.parse.words[token]
    lower = word.lower()
    if lower in ("'s", "’s"):
        verb = page.parse.heads[token]
        if page.parse.lemmas[verb] == "get" and page.parse.child(verb, "dobj") is not None:
            return "has"  # "it's got a garden"
        return (
            "has" if page.parse.deps[token] == "aux" and _before_participle(page, token) else "is"
        )
    if lower in ("'d", "’d"):
        if token and page.parse.tags[token - 1] == "WRB":  # "Where'd you go?"
            return "did"
        is_past = token + 1 < len(page.parse) and page.parse.words[token + 1].lower() == "been"
        return "would" if page.parse.tags[token] == "MD" and not is_past else "had"
    return _FULL_FORMS.get(lower, word)


def _before_participle(page: Page, token: int) -> bool:
    return page.parse.tags[page.parse.heads[token]] == "VBN"


def governing_text(page: Page, verb: int, *, subject: int) -> str:
    """A verb of saying with its auxiliaries: "is thinking" where "I'm thinking" is written."""
    parse = page.parse
    group = [kid for kid in parse.children[verb] if parse.deps[kid] in ("aux", "neg")]
    words = [_full_form(page, token) for token in sorted([*group, verb])]
    first = min([*group, verb])
    if _is_partner(page, subject):
        words[0] = _agreeing(words[0], parse.tags[first], is_alone=not group)
    if not group and parse.tags[verb] == "VBG":  # "..., saying that"
        lemma = parse.lemmas[verb]
        is_present = _is_present(page, verb)
        words = [third_person(lemma) if is_present else past(lemma, words[0])]
    felt = parse.child(verb, "acomp") if parse.lemmas[verb] == "be" else None
    if felt is not None:  # "I'm excited to tell you"
        words.append(parse.words[felt])
    return " ".join(words)


def _is_third_person(page: Page, clause: Clause) -> bool:
    """Whether "I", "you" or "we" has become a name, with which the verb must agree."""
    return bool(clause.subjects) and _is_partner(page, clause.subjects[0])


def _is_partner(page: Page, subject: int) -> bool:
    words = page.parse.words
    said = (words[subject].lower(), words[subject - 1].lower() if subject else "")  # "you guys"
    return subject in page.antecedents and (said[0] in _PARTNERS or said[1] == "you")


def _agreeing(word: str, tag: str, *, is_alone: bool) -> str:
    """A verb after a name that stands where "I" or "you" stood."""
    if word.lower() in _THIRD:
        return _THIRD[word.lower()]
    if word in ("is", "has", "was"):
        return word
    is_plain = tag == "VBP" or (tag == "VB" and is_alone)
    return third_person(word) if is_plain and not word.lower().endswith("not") else word
