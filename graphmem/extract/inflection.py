"""Inflection: the finite forms that a fact's sentence needs where its source has none, and what a
form tells."""

from __future__ import annotations

from typing import Final

_IRREGULAR: Final = {
    "be": "was", "bear": "bore", "beat": "beat", "become": "became", "befall": "befell",
    "begin": "began", "bend": "bent", "bet": "bet", "bind": "bound", "bite": "bit",
    "bleed": "bled", "blow": "blew", "break": "broke", "breed": "bred", "bring": "brought",
    "broadcast": "broadcast", "build": "built", "burst": "burst", "buy": "bought",
    "cast": "cast", "catch": "caught", "choose": "chose", "cling": "clung", "come": "came",
    "cost": "cost", "creep": "crept", "cut": "cut", "deal": "dealt", "dig": "dug", "do": "did",
    "draw": "drew", "drink": "drank", "drive": "drove", "eat": "ate", "fall": "fell",
    "feed": "fed", "feel": "felt", "fight": "fought", "find": "found", "flee": "fled",
    "fly": "flew", "forbid": "forbade", "forget": "forgot", "forgive": "forgave",
    "freeze": "froze", "get": "got", "give": "gave", "go": "went", "grind": "ground",
    "grow": "grew", "hang": "hung", "have": "had", "hear": "heard", "hide": "hid",
    "hit": "hit", "hold": "held", "hurt": "hurt", "keep": "kept", "kneel": "knelt",
    "know": "knew", "lay": "laid", "lead": "led", "leave": "left", "lend": "lent", "let": "let",
    "lose": "lost", "make": "made", "mean": "meant", "meet": "met", "mistake": "mistook",
    "outdo": "outdid", "overcome": "overcame", "oversee": "oversaw", "overtake": "overtook",
    "overthrow": "overthrew", "pay": "paid", "put": "put", "quit": "quit", "read": "read",
    "rebuild": "rebuilt", "retake": "retook", "rewrite": "rewrote", "rid": "rid",
    "ride": "rode", "ring": "rang", "rise": "rose", "run": "ran", "say": "said", "see": "saw",
    "seek": "sought", "sell": "sold", "send": "sent", "set": "set", "shake": "shook",
    "shed": "shed", "shine": "shone", "shoot": "shot", "show": "showed", "shrink": "shrank",
    "shut": "shut", "sing": "sang", "sink": "sank", "sit": "sat", "sleep": "slept",
    "slide": "slid", "speak": "spoke", "spend": "spent", "spin": "spun", "split": "split",
    "spread": "spread", "spring": "sprang", "stand": "stood", "steal": "stole",
    "stick": "stuck", "strike": "struck", "strive": "strove", "swear": "swore",
    "sweep": "swept", "swim": "swam", "swing": "swung", "take": "took", "teach": "taught",
    "tear": "tore", "tell": "told", "think": "thought", "throw": "threw", "thrust": "thrust",
    "undergo": "underwent", "understand": "understood", "undertake": "undertook",
    "undo": "undid", "uphold": "upheld", "wake": "woke", "wear": "wore", "weave": "wove",
    "win": "won", "wind": "wound", "withdraw": "withdrew", "withstand": "withstood",
    "write": "wrote",
}  # fmt: skip
_THIRD: Final = {"am": "is", "are": "is", "were": "was", "have": "has", "do": "does", "be": "is"}


def third_person(word: str) -> str:
    """The third person singular of a verb in its plain form: "go" is "goes"."""
    lower = word.lower()
    if lower in _THIRD:
        return _THIRD[lower]
    if lower.endswith(("s", "sh", "ch", "x", "z", "o")):
        return f"{word}es"
    if lower.endswith("y") and lower[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}s"


def past(lemma: str, participle: str) -> str:
    """The past tense of a verb, of which "-ing" tells whether its last letter is doubled."""
    if lemma in _IRREGULAR:
        return _IRREGULAR[lemma]
    if lemma.endswith("e"):
        return f"{lemma}d"
    if lemma.endswith("y") and lemma[-2:-1] not in "aeiou":
        return f"{lemma[:-1]}ied"
    return f"{participle.removesuffix('ing')}ed" if participle.endswith("ing") else f"{lemma}ed"


def is_reflexive(word: str) -> bool:
    """Whether a word is "himself", "themselves" or another of these."""
    return word.lower().endswith(("self", "selves"))
