"""The documents say what is there: links, modules, commands, settings, logins, properties of the diagrams."""

import json
import re
from pathlib import Path

import pytest

from webapp import cli
from webapp.config import _from_environment
from workflows.engine.gate.elements import PROPERTIES

ROOT = Path(__file__).parents[1]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").glob("*.md")),
]


def _text(name: str) -> str:
    return (ROOT / name).read_text()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text())
    assert [one for one in targets if "://" not in one and not (document.parent / one).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
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
    assert logins - {login for login, *_ in people} == set()


def test_every_table_is_described() -> None:
    described = set(re.findall(r"^\| `(bpmn/[^`]+)`", _text("docs/rules.md"), re.MULTILINE))
    assert described == {str(path.relative_to(ROOT)) for path in (ROOT / "bpmn").rglob("*.dmn")}
