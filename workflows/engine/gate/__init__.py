"""The door through which diagrams and tables enter: what is wrong with them, with file, element, line and reason.

``examine`` judges one file without the campaign, as suites of conformance cases do; ``defects_of`` all files of a
folder together, as the service does. Both apply the same rules, and tell everything wrong at once.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from workflows.engine import definitions
from workflows.engine.definitions import Files
from workflows.engine.errors import Defect
from workflows.engine.gate import (
    calls,
    elements,
    events,
    expressions,
    flows,
    proofs,
    schemas,
    tables,
    tasks,
    variables,
)
from workflows.engine.gate.diagrams import Diagram, Names, read
from workflows.engine.gate.telling import defect

__all__ = ["Defect", "Names", "Report", "defects_of", "examine"]


@dataclass(frozen=True)
class Report:
    """What the gate says of one file: every refusal, by line.

    A refusal has ``code`` (a stable word), ``element`` (the id of the nearest element that has one), ``line`` (from 1),
    ``reason_zh`` and ``reason_en``.
    """

    refusals: tuple[Defect, ...]

    @property
    def ok(self) -> bool:
        """Whether the file may run."""
        return not self.refusals


def examine(xml: bytes, *, names: Names | None = None) -> Report:
    """Judge one diagram (BPMN 2.0) or file of decision tables (DMN), whatever the bytes are; never raises.

    ``names`` is what the campaign knows. With None the rules about names (steps, roles, tables, variables) and about
    required default flows are not applied; everything else is. Takes at most some 5 seconds.
    """
    file = "file.dmn" if _is_table(xml) else "file.bpmn"
    return Report(tuple(defects_of({file: xml}, names)))


def _is_table(xml: bytes) -> bool:
    return b"omg.org/spec/DMN/" in xml and b"omg.org/spec/BPMN/20100524/MODEL" not in xml


def defects_of(files: Files, names: Names | None, *, proven: Collection[str] = ()) -> list[Defect]:
    """All defects of all files (name -> content), sorted by file and line; empty when every process may run.

    ``names`` as for ``examine``. What is in ``proven``, digests of bundles, was found sound before: the token game
    and the walk are not repeated for it.
    """
    diagrams, defects = _read_all(files, names)
    decisions, wrong_tables = tables.check(files)
    for diagram in diagrams:
        elements.check(diagram)
        flows.check(diagram)
        events.check(diagram)
        expressions.check(diagram)
        tasks.check(diagram, decisions)
    variables.check(diagrams)
    calls.check(diagrams)
    for diagram in diagrams:
        schemas.check(diagram)
    defects += wrong_tables
    for diagram in diagrams:
        defects += diagram.defects
    return _sorted(defects or _build(files, diagrams, frozenset(proven)))


def _sorted(defects: Iterable[Defect]) -> list[Defect]:
    return sorted(set(defects), key=lambda one: (one.file, one.line, one.element, one.code, one.reason_zh))


def _read_all(files: Files, names: Names | None) -> tuple[list[Diagram], list[Defect]]:
    diagrams, defects = [], []
    for file, content in sorted(files.items()):
        if file.endswith(".dmn"):
            continue
        if not file.endswith(".bpmn"):
            defects.append(defect(file, "file_kind", "definitions", 1))
            continue
        root = read(content, file)
        if isinstance(root, Defect):
            defects.append(root)
        else:
            diagrams.append(Diagram(file, root, names))
    return diagrams, defects


def _build(files: Files, diagrams: list[Diagram], proven: frozenset[str]) -> list[Defect]:
    """What the parser of the engine says to diagrams that passed every rule, and what their proof shows."""
    bundles = definitions.bundles(files)
    doubtful = []
    for diagram in diagrams:
        ids = [process.get("id", "") for process in diagram.all("process")]
        if all(definitions.digest_of(id_, bundles[id_]) in proven for id_ in ids):
            continue
        doubtful.append(diagram)
        for process in diagram.all("process"):
            id_ = process.get("id", "")
            try:
                definitions.build(id_, bundles[id_])
            except (
                Exception
            ) as error:  # whatever SpiffWorkflow or lxml raises is a refusal here, never a crash
                diagram.complain(process, "unbuildable", error=f"{type(error).__name__}: {error}")
    if not any(diagram.defects for diagram in diagrams):
        proofs.check(diagrams, doubtful)
    return [one for diagram in diagrams for one in diagram.defects]
