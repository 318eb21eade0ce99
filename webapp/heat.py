"""Heat: how much of something each box of a diagram has, in five levels, and how that is written on it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flask import jsonify
from flask_babel import gettext
from werkzeug import Response

from webapp import diagrams, formats
from workflows.heat_maps import Heat

LEVELS = 5  # each holds twice what the one below does, up to the largest value of all
MEASURES = {"time": "所用时间（中位数）", "number": "次数"}


@dataclass(frozen=True)
class Scale:
    """The five levels of some values; ``tops`` are their largest values, upwards."""

    tops: tuple[float, ...]

    @classmethod
    def of(cls, values: Iterable[float]) -> "Scale":
        found = list(values)
        most = max(found, default=0)
        if most > 0:
            return cls(tuple(most / 2 ** (LEVELS - 1 - place) for place in range(LEVELS)))
        return cls((0.0,) if found else ())

    def level(self, value: float) -> int:
        """1 to LEVELS, of a value that is one of them."""
        return next(place for place, top in enumerate(self.tops, 1) if value <= top)


def values(heat: Heat, by: str) -> dict[str, float]:
    """What each box has of the measure ``by``, by node."""
    if by == "number":
        return {node: float(number) for node, number in heat.passed.items()}
    return {one.node: one.spent.median for one in heat.steps if one.spent is not None}


def written(by: str) -> Callable[[float], str]:
    """How a value of the measure ``by`` is told."""
    return _times if by == "number" else formats.worked


def _times(value: float) -> str:
    return str(gettext("%(n)s 次", n=formats.number(int(value))))


def legend(heat: Heat, by: str) -> list[tuple[int, str]]:
    """The levels with the largest value of each, downwards."""
    tell = written(by)
    tops = Scale.of(values(heat, by).values()).tops
    return [(level, tell(top)) for level, top in enumerate(tops, 1)][::-1]


def answer(heat: Heat, by: str) -> Response:
    """The diagrams for the island that draws them: [{title, xml, heat: {id: {level, text}}}]."""
    found, tell = values(heat, by), written(by)
    scale = Scale.of(found.values())
    return jsonify(
        [
            {
                **diagrams.drawn(one.sheet.title, one.sheet.xml),
                "heat": {
                    node: {"level": scale.level(found[node]), "text": tell(found[node])}
                    for node in sorted(one.boxes & found.keys())
                },
            }
            for one in heat.sheets
        ]
    )
