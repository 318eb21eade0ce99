"""How the tests of a rule table, and what it was asked and answered, are written for people."""

import re
from decimal import Decimal
from typing import Any

from flask import Flask

from webapp import formats, i18n, rule_cells, rule_terms

FRACTION = re.compile(r"-?\d+\.\d+")
DECIMALS = 4  # of a computed value


def set_up(app: Flask) -> None:
    app.jinja_env.filters.update(rule_test=asked, rule_value=value)


def asked(cell: str, decision: str) -> str:
    """A cell that asks, of the table ``decision``."""
    return rule_cells.words(cell, is_input=True, terms=rule_terms.of(decision))


def value(given: Any, decision: str) -> str:
    """What the table ``decision`` was asked or has answered, as JSON has it; of an event its clause."""
    if isinstance(given, bool):
        return i18n.text("是" if given else "否")
    if given in (None, [], ""):
        return i18n.text("无")
    if isinstance(given, list):
        return i18n.text("、").join(value(one, decision) for one in given)
    if isinstance(given, dict):
        told = given.get("clause") or "；".join(
            f"{name} {value(one, decision)}" for name, one in given.items()
        )
        return str(told)
    text = str(given)
    if FRACTION.fullmatch(text):
        return formats.number(round(Decimal(text), DECIMALS))
    return i18n.text(rule_terms.of(decision).get(text, text))
