"""A long form in sections (步骤): what belongs together, how much of it is filled in, and what is still missing.

The ``section`` in a field's metadata begins a section of that title, or goes on with it; fields without one belong to
the section before them. A form without any has none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import request
from marshmallow import Schema

from webapp.form_fields import LAST
from webapp.forms import Control
from workflows import work
from workflows.errors import Invalid

LAST_TITLE = "意见与附件"
CHECK = "check"  # the command of the button that judges what is typed and hands nothing in


@dataclass
class Section:
    """``number`` counts from 1."""

    title: str
    number: int
    controls: list[Control] = field(default_factory=list)

    @property
    def html_id(self) -> str:
        return f"section-{self.number}"

    @property
    def required(self) -> int:
        return sum(one.required for one in self.controls)

    @property
    def filled(self) -> int:
        """How many of the required controls are."""
        return sum(one.required and is_filled(one) for one in self.controls)

    @property
    def is_wrong(self) -> bool:
        return any(
            one.errors or any(cell.errors for row in one.rows for cell in row) for one in self.controls
        )


def of(controls: Sequence[Control]) -> list[Section]:
    """The sections of a form in their order; hidden controls are in none. Empty for a form that has no sections."""
    if not any(one.section for one in controls):
        return []
    found: dict[str, Section] = {}
    title = next(one.section for one in controls if one.section)
    for one in controls:
        if one.widget == "hidden":
            continue
        title = one.section or (LAST_TITLE if one.name in LAST else title)
        found.setdefault(title, Section(title, len(found) + 1)).controls.append(one)
    return list(found.values())


def is_filled(control: Control) -> bool:
    """Whether something was typed, and in every row all that the row requires."""
    if control.widget == "rows":
        needed = [cell for row in control.rows for cell in row if cell.required and cell.widget != "hidden"]
        return bool(control.rows) and all(cell.value or cell.chosen for cell in needed)
    if control.widget == "file":
        return bool(control.options)
    return bool(control.value or control.chosen)


def missing(controls: Sequence[Control]) -> list[Control]:
    """The required controls that are not filled in."""
    return [one for one in controls if one.required and one.widget != "hidden" and not is_filled(one)]


def is_check() -> bool:
    """Whether this request only asks to judge what is typed, and to show it as it will be read."""
    return request.form.get("_rows") == CHECK


def faults(schema: type[Schema], values: Mapping[str, Any]) -> dict[str, list[str]]:
    """What ``schema`` would refuse of ``values``, by field."""
    try:
        work.validate(schema, values)
    except Invalid as refused:
        return refused.fields
    return {}
