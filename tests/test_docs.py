"""The documents say what is there: links, modules, commands, settings, logins, properties of the diagrams."""

import json
import re
from pathlib import Path

import pytest

from tests.web.messages import all_texts
from tools.gallery import manual as gallery
from webapp import cli
from webapp.config import _from_environment
from workflows.engine.gate.elements import PROPERTIES

ROOT = Path(__file__).parents[1]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
MANUAL = sorted((ROOT / "docs/manual").glob("*.md"))
PICTURE = re.compile(r"images/([\w.-]+\.png)")


def _text(name: str) -> str:
    return (ROOT / name).read_text()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)|<img src=\"([^\"]+)\"", document.read_text())
    named = [link or picture for link, picture in targets]
    assert [one for one in named if "://" not in one and not (document.parent / one).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_named_in_a_document_exists(document: Path) -> None:
    named = re.findall(r"`((?:workflows|webapp|bpmn|tests|tools|bench|docs)/[\w./-]*)`", document.read_text())
    invented = {"bpmn/x/x.bpmn", "workflows/steps/x.py", "tests/processes/test_x.py"}  # of a recipe
    assert [one for one in named if one not in invented and not (ROOT / one).exists()] == []


def test_the_engine_s_modules_are_all_described() -> None:
    section = _text("docs/architecture.md").partition("## The engine")[2].partition("\n## ")[0]
    described = set(re.findall(r"`([a-z_]+\.py|gate/)`", section))
    there = {path.name for path in (ROOT / "workflows/engine").glob("*.py")} | {"gate/"}
    assert described == there - {"__init__.py", "tables.py", "errors.py"}


def test_every_property_of_a_user_task_is_described() -> None:
    section = _text("docs/architecture.md").partition("### A user task")[2].partition("\n### ")[0]
    first_cells = re.findall(r"^\| (`[^|]+)\|", section, re.MULTILINE)
    assert {name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)} == PROPERTIES["userTask"]


def test_the_commands_and_settings_of_the_readme_exist() -> None:
    readme = _text("README.md")
    commands = {command.name for command in cli.COMMANDS}
    assert set(re.findall(r"flask --app webapp ([a-z-]+)", readme)) - commands == set()
    assert set(re.findall(r"JIEBANG_([A-Z_]+)", readme)) - set(_from_environment()) == set()
    assert "python3 dev.py run" in readme
    assert "python3 dev.py test" in readme


def test_the_demo_logins_of_the_readme_exist() -> None:
    people = json.loads(_text("workflows/demo/plant.json"))["people"]
    table = _text("README.md").partition("## Demo accounts")[2].partition("\n## ")[0]
    logins = {
        login
        for row in re.findall(r"^\| (`.+?) \|", table, re.MULTILINE)
        for login in re.findall(r"`(\S+?)`", row)
    }
    tour = _text("README.md").partition("## Ten minutes")[2].partition("\n## ")[0]
    logins |= set(re.findall(r"`([a-z][\w.]*)`", tour))
    assert logins - {login for login, *_ in people} == set()


def test_every_table_is_described() -> None:
    described = set(re.findall(r"^\| `(bpmn/[^`]+)`", _text("docs/rules.md"), re.MULTILINE))
    assert described == {str(path.relative_to(ROOT)) for path in (ROOT / "bpmn").rglob("*.dmn")}


def test_the_manual_shows_every_picture_that_its_command_takes_and_no_other() -> None:
    shown = {name for page in MANUAL for name in PICTURE.findall(page.read_text())}
    taken = {view.file for view in gallery.VIEWS}
    there = {file.name for file in (ROOT / gallery.FOLDER).iterdir()}
    assert (shown, there) == (taken, taken)
    assert len(taken) <= 20
    assert sum(file.stat().st_size for file in (ROOT / gallery.FOLDER).iterdir()) < 2_500_000


def test_every_button_and_page_that_the_manual_names_is_in_the_program() -> None:
    named = {(page.name, name) for page in MANUAL for name in re.findall(r"「(.+?)」", page.read_text())}
    texts = all_texts()
    assert sorted((page, name) for page, name in named if name not in texts) == []


def test_the_tour_of_the_readme_names_what_the_program_shows() -> None:
    tour = _text("README.md").partition("## Ten minutes")[2].partition("\n## ")[0]
    named = set(re.findall(r"「(.+?)」", tour))
    assert len(named) > 10
    assert named - all_texts() == set()
