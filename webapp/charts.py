"""Charts as tables: the page shows the numbers, and the browser draws them if it can (assets/islands/chart.js)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask import url_for

from webapp.state_terms import RAG_LIGHTS
from workflows.domain.cockpits import Cockpit

STAGES = {
    "raised": "难题",
    "reported": "上报厂级",
    "posted": "发榜",
    "bids": "申报",
    "projects": "项目",
    "accepted": "验收通过",
}
CATEGORY_FIGURES = {"posted": "发榜", "taken_up": "揭榜", "accepted": "验收通过"}


@dataclass(frozen=True)
class Chart:
    """``kind`` is bar, line, range (lowest, mean, highest) or steps; ``heads`` name the series; ``rows`` have a name and a value of each series."""

    title: str
    kind: str
    heads: list[str]
    rows: Sequence[tuple[str, Sequence[int | Decimal]]]
    path: str = ""  # where more of it is told
    action: str = ""


def of_cockpit(cockpit: Cockpit) -> list[Chart]:
    lights = [(RAG_LIGHTS[light].text, [count]) for light, count in cockpit.lights.items()]
    categories = [(str(row["name"]), [row[one] for one in CATEGORY_FIGURES]) for row in cockpit.categories]
    return [
        Chart("漏斗", "steps", ["数量"], [(title, [cockpit.funnel[one]]) for one, title in STAGES.items()]),
        Chart("在建项目的灯色", "bar", ["项目数"], lights, url_for("projects.wall"), "挂图作战"),
        Chart("按类别", "bar", list(CATEGORY_FIGURES.values()), categories),
    ]
