"""The diagrams of a process and where it stands in them, for the island that draws them."""

import html
import re
from collections.abc import Iterable
from typing import Protocol

from flask import jsonify
from werkzeug import Response

from webapp import i18n
from workflows.domain import permissions

LANE = re.compile(r'(<bpmn:lane [^>]*name=")([^"]*)"')


class Sheet(Protocol):
    """``done`` and ``now`` are ids of boxes."""

    @property
    def title(self) -> str: ...
    @property
    def xml(self) -> str: ...
    @property
    def done(self) -> frozenset[str]: ...
    @property
    def now(self) -> frozenset[str]: ...


def answer(sheets: Iterable[Sheet]) -> Response:
    """[{title, xml, done, now}] as JSON."""
    return jsonify(
        [{**drawn(one.title, one.xml), "done": sorted(one.done), "now": sorted(one.now)} for one in sheets]
    )


def drawn(title: str, xml: str) -> dict[str, str]:
    """{title, xml} of one diagram, for people to read."""
    return {"title": i18n.text(title), "xml": LANE.sub(_lane_title, xml)}


def _lane_title(lane: re.Match[str]) -> str:
    """A lane is named by the code of its role; people read its title."""
    return f'{lane[1]}{html.escape(i18n.text(permissions.ROLES.get(lane[2], lane[2])))}"'
