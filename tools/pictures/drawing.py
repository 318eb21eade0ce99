"""A diagram as an SVG picture, the same bytes wherever it is drawn."""

from xml.sax.saxutils import escape

from tools.pictures.layout import Box, Edge, Point, Shape, Sheet, policy_of
from tools.pictures.signs import sign
from workflows.domain.permissions import ROLES
from workflows.engine.gate.diagrams import CONTAINERS, EVENTS, GATEWAYS, TASKS, children, kind_of
from workflows.engine.gate.elements import LOOP, MULTIPLE

MARGIN = 10
ROUNDING = 6  # of the corners of lines
FONT, LABEL_FONT = 15, 13  # of boxes; of events, gateways and lines
STYLE = """
text{font-family:"Noto Sans CJK SC","Noto Sans SC","PingFang SC","Microsoft YaHei",sans-serif;fill:#1b2733}
.box{stroke:#33506b;stroke-width:1.5}.user{fill:#e3f0ff}.auto{fill:#f1f3f5}.rule{fill:#fff4d6}.call{fill:#e9f7ec;stroke-width:3.5}
.part{fill:#fbfcfe}.event-part{fill:#fdfaf3;stroke-dasharray:5 4}.pool{fill:#fff;stroke:#5b6b7a}.head{fill:#eef2f6}.lane{fill:none;stroke:#aab7c4}
.event{fill:#fff;stroke:#33506b;stroke-width:1.5}.end{stroke-width:4}.beside{stroke-dasharray:4 3}.gateway{fill:#fffbe8;stroke:#8a6d1a;stroke-width:1.5}
.flow{fill:none;stroke:#33506b;stroke-width:1.5}.arrow{fill:#33506b}.line,.teeth,.bold,.back{fill:none;stroke:#33506b;stroke-width:1.4}
.bold{stroke-width:2.6}.teeth{stroke-width:3;stroke-dasharray:2.8 2.7}.back{stroke:#fff}.on{fill:#33506b;stroke:#33506b}.off{fill:#fff;stroke:#33506b;stroke-width:1.4}
.label{paint-order:stroke;stroke:#fff;stroke-width:4;stroke-linejoin:round}.who{fill:#7a4a12}
""".strip()
FILLS = {"userTask": "user", "businessRuleTask": "rule", "callActivity": "call"}
THROWN = ("intermediateThrowEvent", "endEvent")


def draw(sheet: Sheet) -> str:
    """The picture as SVG, on white paper: readable on a dark page too."""
    left, top, right, bottom = _extent(sheet)
    size = f"{right - left:g} {bottom - top:g}"
    lanes = [shape for shape in sheet.shapes if shape.kind in ("participant", "lane")]
    parts = [shape for shape in sheet.shapes if shape.kind == "subProcess"]
    nodes = [shape for shape in sheet.shapes if shape.kind in TASKS | GATEWAYS | EVENTS | {"callActivity"}]
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:g} {top:g} {size}" '
        f'width="{right - left:g}" height="{bottom - top:g}">',
        f"<style>{STYLE}</style>",
        f'<rect x="{left:g}" y="{top:g}" width="{right - left:g}" height="{bottom - top:g}" fill="#fff"/>',
        *(_area(shape) for shape in lanes),
        *(_part(shape) for shape in parts),
        *(_flow(edge) for edge in sheet.edges),
        *(_node(shape, _role_around(shape, lanes)) for shape in sorted(nodes, key=_is_boundary)),
        *(_label(shape.name, shape.label) for shape in nodes),
        *(_label(edge.name, edge.label) for edge in sheet.edges),
        "</svg>",
    ]
    return "\n".join(one for one in drawn if one) + "\n"


def _extent(sheet: Sheet) -> tuple[float, float, float, float]:
    boxes = [one for shape in sheet.shapes for one in (shape.box, shape.label) if one]
    points = [point for edge in sheet.edges for point in edge.points]
    xs = [x for box in boxes for x in (box.x, box.x + box.w)] + [x for x, _ in points]
    ys = [y for box in boxes for y in (box.y, box.y + box.h)] + [y for _, y in points]
    return min(xs) - MARGIN, min(ys) - MARGIN, max(xs) + MARGIN, max(ys) + MARGIN


def _is_boundary(shape: Shape) -> bool:
    return shape.kind == "boundaryEvent"


def _role_around(shape: Shape, lanes: list[Shape]) -> str | None:
    """The lane in which a node is drawn, which differs from its own inside of a sub-process."""
    x, y = shape.box.centre
    return next(
        (
            one.name
            for one in lanes
            if one.kind == "lane"
            and one.box.x <= x <= one.box.x + one.box.w
            and one.box.y <= y <= one.box.y + one.box.h
        ),
        None,
    )


# What lies beneath


def _area(shape: Shape) -> str:
    """A participant or a lane, its name upright along the left edge."""
    box, is_pool = shape.box, shape.kind == "participant"
    head = Box(box.x, box.y, 30, box.h)
    name = shape.name if is_pool else ROLES.get(shape.name, shape.name)
    lines = _wrapped(name, max(1.0, (box.h - 8) / LABEL_FONT))
    x, y = head.centre
    return (
        f"{_rect(box, 'pool' if is_pool else 'lane')}{_rect(head, 'pool head' if is_pool else 'lane')}"
        f'<g transform="translate({x:g} {y:g}) rotate(-90)">{_text(lines, (0, 0), LABEL_FONT)}</g>'
    )


def _part(shape: Shape) -> str:
    """An embedded or event sub-process, with its name inside at the top and its marker at the bottom."""
    kind = "event-part" if shape.element.get("triggeredByEvent") == "true" else "part"
    box = shape.box
    name = f'<text x="{box.x + 10:g}" y="{box.y + 20:g}" font-size="{FONT}">{escape(shape.name)}</text>'
    return _rect(box, f"box {kind}", 8) + name + _markers(shape)


def _flow(edge: Edge) -> str:
    points = edge.points
    path = [f"M{points[0][0]:g} {points[0][1]:g}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        (ax, ay), (bx, by) = _towards(corner, before), _towards(corner, after)
        path.append(f"L{ax:g} {ay:g}Q{corner[0]:g} {corner[1]:g} {bx:g} {by:g}")
    path.append(f"L{points[-1][0]:g} {points[-1][1]:g}")
    (dx, dy), (x, y) = _direction(points[-2], points[-1]), points[-1]
    tip = f"M{x:g} {y:g}L{x - 10 * dx - 5 * dy:g} {y - 10 * dy + 5 * dx:g}L{x - 10 * dx + 5 * dy:g} {y - 10 * dy - 5 * dx:g}Z"
    drawn = f'<path class="flow" d="{"".join(path)}"/><path class="arrow" d="{tip}"/>'
    if edge.is_default:
        (dx, dy), (x, y) = _direction(points[0], points[1]), points[0]
        x, y = x + 9 * dx, y + 9 * dy
        drawn += f'<path class="flow" d="M{x - 5 * abs(dy) - 3 * dx:g} {y - 5 * abs(dx) - 3 * dy:g}L{x + 5 * abs(dy) + 3 * dx:g} {y + 5 * abs(dx) + 3 * dy:g}"/>'
    return drawn


def _direction(a: Point, b: Point) -> Point:
    length = max(((b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2) ** 0.5, 0.001)
    return (b[0] - a[0]) / length, (b[1] - a[1]) / length


def _towards(corner: Point, other: Point) -> Point:
    """Where a line leaves the straight way to ``corner`` and begins to bend."""
    length = abs(other[0] - corner[0]) + abs(other[1] - corner[1])
    dx, dy = _direction(corner, other)
    return corner[0] + dx * min(ROUNDING, length / 2), corner[1] + dy * min(ROUNDING, length / 2)


# Nodes


def _node(shape: Shape, around: str | None) -> str:
    if shape.kind in GATEWAYS:
        return _gateway(shape)
    if shape.kind in EVENTS:
        return _event(shape)
    box = shape.box
    drawn = _rect(box, f"box {FILLS.get(shape.kind, 'auto')}", 8)
    if shape.kind != "callActivity":
        drawn += sign(shape.kind, (box.x + 12, box.y + 12), scale=0.75)
    if shape.lane and shape.lane != around:
        who = escape(ROLES.get(shape.lane, shape.lane))
        drawn += f'<text class="who" x="{box.x + box.w - 6:g}" y="{box.y + 15:g}" font-size="11" text-anchor="end">{who}</text>'
    return drawn + _text(_wrapped(shape.name, (box.w - 8) / FONT), box.centre, FONT) + _markers(shape)


def _markers(shape: Shape) -> str:
    """How often an activity is done, or that it calls a process: small signs at its lower edge."""
    found = []
    if shape.kind == "callActivity":
        found.append("call")
    if children(shape.element, LOOP):
        found.append("loop")
    if children(shape.element, MULTIPLE):
        in_turn = shape.kind in CONTAINERS or policy_of(shape.element) == "sequential"
        found.append("in turn" if in_turn else "round")
    x, y = shape.box.centre[0] - 11 * (len(found) - 1), shape.box.y + shape.box.h - 9
    return "".join(sign(name, (x + 22 * i, y), scale=0.75) for i, name in enumerate(found))


def _event(shape: Shape) -> str:
    (x, y), r = shape.box.centre, shape.box.w / 2
    kinds = ["event"]
    if shape.kind == "endEvent":
        kinds.append("end")
    if "false" in (shape.element.get("cancelActivity"), shape.element.get("isInterrupting")):
        kinds.append("beside")
    css = " ".join(kinds)
    drawn = f'<circle class="{css}" cx="{x:g}" cy="{y:g}" r="{r - (1 if "end" in kinds else 0):g}"/>'
    if shape.kind in ("boundaryEvent", "intermediateCatchEvent", "intermediateThrowEvent"):
        drawn += f'<circle class="{css}" cx="{x:g}" cy="{y:g}" r="{r - 4:g}"/>'
    kind = kind_of(shape.element)
    if not kind:
        return drawn
    return drawn + sign(f"{kind} thrown" if shape.kind in THROWN else kind, (x, y))


def _gateway(shape: Shape) -> str:
    (x, y), half = shape.box.centre, shape.box.w / 2
    diamond = f"M{x:g} {y - half:g}L{x + half:g} {y:g}L{x:g} {y + half:g}L{x - half:g} {y:g}Z"
    return f'<path class="gateway" d="{diamond}"/>' + sign(shape.kind, (x, y))


# Words


def _label(text: str, box: Box | None) -> str:
    """The name of an event, gateway or line, in the middle of the place that the file gives it."""
    if box is None or not text:
        return ""
    return _text(_wrapped(text, max(box.w, 3 * LABEL_FONT) / LABEL_FONT), box.centre, LABEL_FONT, "label")


def _rect(box: Box, css: str, radius: int = 0) -> str:
    rounded = f' rx="{radius}"' if radius else ""
    return f'<rect class="{css}" x="{box.x:g}" y="{box.y:g}" width="{box.w:g}" height="{box.h:g}"{rounded}/>'


def _text(lines: list[str], centre: Point, size: int, css: str = "") -> str:
    """Lines of text around ``centre``."""
    first = centre[1] - (len(lines) - 1) * size * 0.6 + size * 0.36
    kind = f' class="{css}"' if css else ""
    return "".join(
        f'<text{kind} x="{centre[0]:g}" y="{first + i * size * 1.2:g}" font-size="{size}" text-anchor="middle">{escape(line)}</text>'
        for i, line in enumerate(lines)
    )


def _wrapped(text: str, ems: float) -> list[str]:
    """``text`` in lines of about equal length that are at most ``ems`` wide; a Latin letter is about half an em."""
    widths = [1.0 if ord(letter) > 0x2E7F else 0.55 for letter in text]
    count = max(1, -(-sum(widths) // max(ems, 1.0)))
    most, lines, used = max(sum(widths) / count, 1.0), [""], 0.0
    for letter, width in zip(text, widths, strict=True):
        is_closing = letter in "，。：；？！）、"
        if used + width > most + 0.5 and not is_closing and len(lines) < count:
            lines.append("")
            used = 0.0
        lines[-1] += letter
        used += width
    return lines
