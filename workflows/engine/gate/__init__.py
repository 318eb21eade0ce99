"""The door through which diagrams and tables enter: what is wrong with them, with file, element, line and reason."""

from collections.abc import Iterable

from lxml import etree

from workflows import dmn
from workflows.engine import definitions
from workflows.engine.definitions import Files
from workflows.engine.errors import Defect
from workflows.engine.gate import calls, elements, events, expressions, flows, tasks
from workflows.engine.gate.diagrams import Diagram, Names, line_of, read

__all__ = ["Names", "examine"]


def examine(files: Files, names: Names | None) -> list[Defect]:
    """All defects of all files, sorted by file and line; empty when every process may run.

    With ``names`` None the rules about steps, lanes, roles and required default flows do not apply.
    """
    diagrams, defects = _read_all(files, names)
    decisions, wrong_tables = _decisions(files)
    for diagram in diagrams:
        elements.check(diagram)
        flows.check(diagram)
        events.check(diagram)
        expressions.check(diagram)
        tasks.check(diagram, decisions)
    calls.check(diagrams)
    defects += wrong_tables
    for diagram in diagrams:
        defects += diagram.defects
    return _sorted(defects or _build(files, diagrams))


def _sorted(defects: Iterable[Defect]) -> list[Defect]:
    return sorted(set(defects), key=lambda one: (one.file, one.line, one.element, one.reason))


def _read_all(files: Files, names: Names | None) -> tuple[list[Diagram], list[Defect]]:
    diagrams, defects = [], []
    for file, content in sorted(files.items()):
        if file.endswith(".dmn"):
            continue
        if not file.endswith(".bpmn"):
            defects.append(Defect(file, "definitions", 1, "只接受 .bpmn 和 .dmn 文件"))
            continue
        root = read(content, file)
        if isinstance(root, Defect):
            defects.append(root)
        else:
            diagrams.append(Diagram(file, root, names))
    return diagrams, defects


def _decisions(files: Files) -> tuple[set[str], list[Defect]]:
    """The ids of all decisions, and what is wrong with the tables."""
    home: dict[str, str] = {}
    defects = []
    for file, content in sorted(files.items()):
        if not file.endswith(".dmn"):
            continue
        try:
            model = dmn.load(content, file=file)
        except dmn.DmnError as error:
            defects += [
                Defect(one.file, one.element or "definitions", one.line, one.reason) for one in error.problems
            ]
            continue
        for decision in model.decisions:
            if home.setdefault(decision, file) != file:
                line = _line_of_decision(content, decision)
                defects.append(Defect(file, decision, line, f"决策 {decision} 在 {home[decision]} 中已有"))
    return set(home), defects


def _line_of_decision(content: bytes, decision: str) -> int:
    found = [one for one in definitions.read_xml(content).iter(etree.Element) if one.get("id") == decision]
    return line_of(found[0])


def _build(files: Files, diagrams: list[Diagram]) -> list[Defect]:
    """What the parser of the engine says to diagrams that passed every rule."""
    bundles = definitions.bundles(files)
    defects = []
    for diagram in diagrams:
        for process in diagram.all("process"):
            id_ = process.get("id", "")
            try:
                definitions.build(id_, bundles[id_])
            except (
                Exception
            ) as error:  # whatever SpiffWorkflow or lxml raises is a refusal here, never a crash
                reason = f"引擎无法读取这个流程：{type(error).__name__}: {str(error)[:300]}"
                defects.append(Defect(diagram.file, id_, line_of(process), reason))
    return defects
