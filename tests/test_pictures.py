"""docs/processes.md and its pictures show the diagrams, tables and forms as they are now."""

from itertools import combinations
from pathlib import Path

import pytest
from lxml import etree

from tools.pictures import documents, drawing, layout
from tools.pictures.layout import Box
from workflows.engine.gate.diagrams import NODES, tag

ROOT = Path(__file__).parents[1]
DIAGRAMS = sorted((ROOT / "bpmn").rglob("*.bpmn"))
BARE = ROOT / "tests/engine/diagrams/again.bpmn"  # drawn for the engine only
SVG = "{http://www.w3.org/2000/svg}"
MOST_NODES = 25  # what a person reads on one page


def test_the_documents_are_as_they_would_be_made_now() -> None:
    differing = documents.differing()
    assert differing == [], "out of date: python3 dev.py docs"


@pytest.mark.parametrize("file", DIAGRAMS, ids=lambda path: path.stem)
def test_every_box_and_line_of_a_diagram_is_drawn(file: Path) -> None:
    sheet = layout.read(file.read_bytes(), file.name)
    picture = etree.fromstring(drawing.draw(sheet).encode())
    flows = [one for one in picture.iter(f"{SVG}path") if one.get("class") == "arrow"]
    words = "".join(one.text or "" for one in picture.iter(f"{SVG}text"))
    names = [one.name for one in sheet.shapes if one.kind != "lane"] + [one.name for one in sheet.edges]
    assert len(flows) == len(sheet.edges)
    assert [name for name in names if name not in words] == []


@pytest.mark.parametrize("file", DIAGRAMS, ids=lambda path: path.stem)
def test_a_diagram_is_read_on_one_page(file: Path) -> None:
    nodes = [one for one in etree.parse(file).iter() if tag(one) in NODES]
    assert len(nodes) <= MOST_NODES


@pytest.mark.parametrize("file", DIAGRAMS, ids=lambda path: path.stem)
def test_no_line_of_a_diagram_runs_through_a_box_or_a_label(file: Path) -> None:
    sheet = layout.read(file.read_bytes(), file.name)
    boxes = [(one.name, one.box) for one in sheet.shapes if one.kind in NODES - {"subProcess"}]
    struck = [
        (edge.element.get("id"), name)
        for edge in sheet.edges
        for a, b in zip(edge.points, edge.points[1:], strict=False)
        for name, box in [*boxes, *_labels(sheet)]
        if _meet(_between(a, b), _shrunk(box))
    ]
    assert struck == []


@pytest.mark.parametrize("file", DIAGRAMS, ids=lambda path: path.stem)
def test_no_label_of_a_diagram_lies_on_another(file: Path) -> None:
    labels = _labels(layout.read(file.read_bytes(), file.name))
    assert [(a[0], b[0]) for a, b in combinations(labels, 2) if _meet(_shrunk(a[1]), _shrunk(b[1]))] == []


def _labels(sheet: layout.Sheet) -> list[tuple[str, Box]]:
    """The names beside events, gateways and lines, and the places that the file gives them."""
    beside: list[layout.Shape | layout.Edge] = [*sheet.shapes, *sheet.edges]
    return [(one.name, one.label) for one in beside if one.label is not None and one.name]


def _between(a: layout.Point, b: layout.Point) -> Box:
    return Box(min(a[0], b[0]), min(a[1], b[1]), abs(a[0] - b[0]), abs(a[1] - b[1]))


def _shrunk(box: Box, by: float = 2) -> Box:
    """What a line or a label may not touch: it may end at the edge."""
    return Box(box.x + by, box.y + by, box.w - 2 * by, box.h - 2 * by)


def _meet(a: Box, b: Box) -> bool:
    return a.x <= b.x + b.w and b.x <= a.x + a.w and a.y <= b.y + b.h and b.y <= a.y + a.h


def test_a_diagram_without_layout_is_refused() -> None:
    with pytest.raises(ValueError, match=r"again\.bpmn: there is no layout"):
        layout.read(BARE.read_bytes(), BARE.name)
