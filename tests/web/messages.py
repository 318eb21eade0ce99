"""Every Chinese text that people may see: from templates, from Python, from diagrams and tables."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract_from_dir

ROOT = Path(__file__).parents[2]
CHINESE = re.compile(r"[\u3400-\u9fff]")
SHOWN = (
    "webapp",
    "workflows/domain",
    "workflows/steps",
    "workflows/errors.py",
    "workflows/access.py",
    "workflows/batch_dates.py",
    "workflows/engine/carrying.py",
    "workflows/engine/interventions.py",
    "workflows/engine/migrating.py",
    "workflows/engine/signing.py",
    "workflows/inboxes.py",
    "workflows/interventions.py",
    "workflows/leavers.py",
    "workflows/migrating.py",
    "workflows/operations.py",
    "workflows/sharing.py",
    "workflows/tasks.py",
    "workflows/timelines.py",
    "workflows/unit_closings.py",
    "workflows/watch.py",
    "workflows/work.py",
)
NAMES = re.compile(r'name="([^"]*[\u3400-\u9fff][^"]*)"')
QUOTED = re.compile(r"<text>\s*\"([^\"]*[\u3400-\u9fff][^\"]*)\"\s*</text>")


NOT_SHOWN = {"命令行", "简体中文"}  # a token's name, a language in its own words


def all_texts() -> set[str]:
    return (
        set(_in_templates()) | set(_in_python()) | set(_in_api_docs()) | set(_in_definitions())
    ) - NOT_SHOWN


def _in_templates() -> Iterator[str]:
    found = extract_from_dir(
        ROOT / "webapp", method_map=[("templates/**.html", "jinja2")], keywords={"_": None}
    )
    return (message for _, _, message, _, _ in found if isinstance(message, str) and CHINESE.search(message))


def _in_python() -> Iterator[str]:
    for place in SHOWN:
        path = ROOT / place
        for file in path.rglob("*.py") if path.is_dir() else [path]:
            yield from _texts(ast.parse(file.read_text()))


def _texts(tree: ast.AST) -> Iterator[str]:
    """String constants that are no docstrings; of an f-string its pattern with {0}, {1} ... for the values."""
    docstrings = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    inside = {part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        text = ""
        if isinstance(node, ast.JoinedStr):
            text = _pattern(node)
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings | inside
        ):
            text = node.value
        if CHINESE.search(text):
            yield text


def _pattern(node: ast.JoinedStr) -> str:
    parts, number = [], 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
        else:
            parts.append(f"{{{number}}}")
            number += 1
    return "".join(parts)


def _in_api_docs() -> Iterator[str]:
    for file in (ROOT / "webapp/api").rglob("*.py"):
        functions = (
            node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.FunctionDef)
        )
        for text in (ast.get_docstring(function) or "" for function in functions):
            yield from (part for part in text.split("\n\n") if CHINESE.search(part))


def _in_definitions() -> Iterator[str]:
    for file in (ROOT / "bpmn").rglob("*.bpmn"):
        yield from NAMES.findall(file.read_text())
    for file in (ROOT / "bpmn").rglob("*.dmn"):
        yield from QUOTED.findall(file.read_text())
