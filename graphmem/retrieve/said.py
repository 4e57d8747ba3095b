"""A question about somebody, as that one would say what is asked for.

"What has Ann painted?" is answered by "I painted a boat": a turn of talk that tells it is likelier
near "I painted" than near the question, or near that without the name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_ASKED: Final = re.compile(
    r"^\s*(?:what|which|who|whom|whose|where|when|why|how)\b(?:['’]s)?\s*", re.IGNORECASE
)
_HELPING: Final = re.compile(
    r"\b(?:does|do|did|is|are|was|were|has|have|had|will|would|can|could|be)\b", re.IGNORECASE
)


def as_said(question: str, speakers: Sequence[str]) -> str:
    """The question without what makes it one, in the first person of the speakers it names."""
    text = question.rstrip("?! .")
    for name in speakers:
        first = re.escape(name.split()[0])
        text = re.sub(rf"\b{first}['’]s\b", "my", text, flags=re.IGNORECASE)
        text = re.sub(rf"\b{first}\b", "I", text, flags=re.IGNORECASE)
    text = _HELPING.sub("", _ASKED.sub("", text), count=1)
    return " ".join(text.split()) or question
