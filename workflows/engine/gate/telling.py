"""Refusals in both languages."""

from collections.abc import Sequence

from workflows.engine.errors import Defect
from workflows.engine.gate.words import WORDS

Text = str | tuple[str, str]  # the same in both languages, or Chinese and English
Value = Text | int | Sequence[Text]
LONGEST = 300  # characters of one value that are told


def defect(file: str, code: str, element: str, line: int, /, **values: Value) -> Defect:
    """The refusal that WORDS holds under ``code``, with ``values`` put in."""
    zh, en = ({name: _said(value, side) for name, value in values.items()} for side in (0, 1))
    words = WORDS[code]
    return Defect(file, code, element, line, words[0].format_map(zh), words[1].format_map(en))


def _said(value: Value, side: int) -> str:
    if isinstance(value, int | str):
        text = str(value)
    elif isinstance(value, tuple):
        text = str(value[side])
    else:
        text = ("、", ", ")[side].join(one if isinstance(one, str) else one[side] for one in value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
