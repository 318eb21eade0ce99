"""docs/processes.md and its pictures show the diagrams, tables and forms as they are now."""

from pathlib import Path

import pytest
from lxml import etree

from tools.pictures import documents, drawing, layout

ROOT = Path(__file__).parents[1]
DIAGRAMS = sorted((ROOT / "bpmn").rglob("*.bpmn"))
BARE = ROOT / "tests/engine/diagrams/again.bpmn"  # drawn for the engine only
SVG = "{http://www.w3.org/2000/svg}"


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


def test_a_diagram_without_layout_is_refused() -> None:
    with pytest.raises(ValueError, match=r"again\.bpmn: there is no layout"):
        layout.read(BARE.read_bytes(), BARE.name)
