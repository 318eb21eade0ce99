"""A diagram as it lies on paper: its boxes, lines and labels, read from the diagram interchange of the file."""

from dataclasses import dataclass

from lxml import etree

from workflows.engine.gate import diagrams
from workflows.engine.parser import BPMN, properties

DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
WAYPOINT = "{http://www.omg.org/spec/DD/20100524/DI}waypoint"

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A rectangle, in the units of the file (pixels); y grows downwards."""

    x: float
    y: float
    w: float
    h: float

    @property
    def centre(self) -> Point:
        return self.x + self.w / 2, self.y + self.h / 2


@dataclass(frozen=True)
class Shape:
    """A participant, lane or node. ``kind`` is its BPMN name, ``lane`` the role of the lane that names it."""

    element: etree._Element
    kind: str
    box: Box
    label: Box | None
    lane: str | None = None

    @property
    def name(self) -> str:
        return self.element.get("name") or ""


@dataclass(frozen=True)
class Edge:
    """A sequence flow along its waypoints."""

    element: etree._Element
    points: tuple[Point, ...]
    label: Box | None
    is_default: bool

    @property
    def name(self) -> str:
        return self.element.get("name") or ""


@dataclass(frozen=True)
class Sheet:
    """All of one diagram, in the order of the file: what lies around comes before what lies inside."""

    shapes: tuple[Shape, ...]
    edges: tuple[Edge, ...]


def read(content: bytes, file: str) -> Sheet:
    """The layout of a diagram that the gate accepts. Raises ValueError for one without layout."""
    root = diagrams.read(content, file)
    if not isinstance(root, etree._Element):
        raise ValueError(str(root))
    named = {element.get("id", ""): element for element in root.iter(f"{{{BPMN}}}*")}
    lanes = lanes_of(root)
    defaults = {element.get("default") for element in named.values()}
    shapes = tuple(
        Shape(
            named[ref],
            diagrams.tag(named[ref]),
            _bounds(shape, file),
            _label(shape),
            lanes.get(ref),
        )
        for shape in root.iter(f"{DI}BPMNShape")
        if (ref := shape.get("bpmnElement", "")) in named
    )
    edges = tuple(
        Edge(named[ref], tuple(_point(one) for one in edge.iter(WAYPOINT)), _label(edge), ref in defaults)
        for edge in root.iter(f"{DI}BPMNEdge")
        if (ref := edge.get("bpmnElement", "")) in named
    )
    if not shapes:
        raise ValueError(f"{file}: there is no layout")
    return Sheet(shapes, edges)


def lanes_of(root: etree._Element) -> dict[str, str]:
    """The lane (a role) that names each node; nodes of sub-processes that it does not name are left out."""
    return {
        ref.text or "": lane.get("name", "")
        for lane in root.iter(f"{{{BPMN}}}lane")
        for ref in lane.iter(f"{{{BPMN}}}flowNodeRef")
    }


def policy_of(node: etree._Element) -> str | None:
    """The policy of a user task that is a round; None for every other node."""
    return properties(node).get("round") if diagrams.tag(node) == "userTask" else None


def _bounds(holder: etree._Element, file: str) -> Box:
    found = holder.find(f"{DC}Bounds")
    if found is None:
        raise ValueError(f"{file}: {holder.get('bpmnElement')} has no bounds")
    x, y, w, h = (float(found.get(name, "0")) for name in ("x", "y", "width", "height"))
    return Box(x, y, w, h)


def _label(holder: etree._Element) -> Box | None:
    label = holder.find(f"{DI}BPMNLabel")
    return None if label is None or label.find(f"{DC}Bounds") is None else _bounds(label, "")


def _point(waypoint: etree._Element) -> Point:
    return float(waypoint.get("x", "0")), float(waypoint.get("y", "0"))
