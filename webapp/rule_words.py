"""How the cells of a rule table, and what they were asked, are written for people."""

import re
from typing import Any

from flask import Flask

from webapp import i18n
from workflows.domain import change_terms
from workflows.domain.terms import LEVELS

WORDS = {
    "pending": "未整改",
    "passed": "整改合格",
    "failed": "未完成整改",
    **{kind.value: title for kind, title in change_terms.KINDS.items()},
    **{code: f"{code} {title}" for code, title in LEVELS.items()},
}
SIGNS = {">=": "≥", "<=": "≤"}
RANGE = re.compile(r"([\[\](])\s*(-?[\d.]+?)\s*\.\.\s*(-?[\d.]+?)\s*([\])\[])")
QUOTED = re.compile(r'"([^"]*)"')
CLAUSE = re.compile(r'event\.clause = "(V\d+)"( and event\.is_major)?')


def set_up(app: Flask) -> None:
    app.jinja_env.filters.update(rule_test=test, rule_value=value)


def test(text: str) -> str:
    """A cell that asks: ``[80..90)`` as “≥ 80 · < 90”, texts as words."""
    clause = CLAUSE.search(text)
    if clause:
        return clause[1] + (f" {i18n.text('重大')}" if clause[2] else "")
    if text in ("true", "false"):
        return value(text == "true")
    within = RANGE.fullmatch(text.strip())
    if within:
        low = "≥" if within[1] == "[" else ">"
        high = "≤" if within[4] == "]" else "<"
        return f"{low} {within[2]} · {high} {within[3]}"
    for written, sign in SIGNS.items():
        text = text.replace(written, sign)
    return QUOTED.sub(lambda found: value(found[1]), text).replace(", ", " / ")


def value(given: Any) -> str:
    """What was asked about, as JSON has it."""
    if isinstance(given, bool):
        return i18n.text("是" if given else "否")
    if isinstance(given, list):
        return "、".join(str(one["clause"]) for one in given if "clause" in one) or "—"
    return i18n.text(WORDS.get(str(given), str(given)))
