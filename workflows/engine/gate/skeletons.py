"""The process that is walked: with skeletons for what it calls, and conditions that name where they lead."""

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import quoteattr

from workflows.engine.definitions import Definition, Files, build
from workflows.engine.gate.nets import Contract
from workflows.engine.parser import BPMN
from workflows.engine.specs import EachInTurn

SKELETON = "-called"


def definition_of(process: str, files: Files, contracts: Mapping[str, Contract]) -> Definition:
    """The process with skeletons for what it calls, its conditions written as the node that they lead to."""
    called = {f"{name}{SKELETON}.bpmn": _skeleton(name, contract) for name, contract in contracts.items()}
    built = build(process, {**files, **called})
    for spec in (built.spec, *built.parts.values()):
        for box in spec.task_specs.values():
            for condition, target in getattr(box, "cond_task_specs", ()):
                if condition is not None:
                    condition.args = [target.removesuffix(".BoundaryEventSplit")]
            if isinstance(box, EachInTurn) and box.cardinality is not None:
                box.cardinality = "2"
    return built


def _skeleton(process: str, contract: Contract) -> bytes:
    """A process that waits, and then ends in each of the ways in which ``process`` may end."""
    roots, ends, flows = [], [], []
    for number, (kind, code) in enumerate(sorted(contract.thrown)):
        ref = quoteattr(f"{process}{SKELETON}-{number}")
        roots.append(f"<{kind} id={ref} name={ref} {kind}Code={quoteattr(code)} />")
        ends.append(f"<{kind}EventDefinition {kind}Ref={ref} />")
    if contract.ends or not ends:
        ends.append("")
    for number, event in enumerate(ends):
        end = f"{process}{SKELETON}-end-{number}"
        flows.append(f"<endEvent id={quoteattr(end)}>{event}</endEvent>")
        condition = "<conditionExpression>a</conditionExpression>" if number < len(ends) - 1 else ""
        flows.append(
            f'<sequenceFlow id={quoteattr(end + "-flow")} sourceRef="g{SKELETON}-{process}" targetRef={quoteattr(end)}>'
            f"{condition}</sequenceFlow>"
        )
    last = quoteattr(f"{process}{SKELETON}-end-{len(ends) - 1}-flow")
    wait = (f"start{SKELETON}-{process}", f"wait{SKELETON}-{process}", f"g{SKELETON}-{process}")
    return (
        f'<definitions xmlns="{BPMN}" id="d{SKELETON}-{process}">{"".join(roots)}'
        f'<process id={quoteattr(process)} isExecutable="true"><startEvent id="{wait[0]}" /><userTask id="{wait[1]}" />'
        f'<exclusiveGateway id="{wait[2]}" default={last} /><sequenceFlow id="{wait[0]}-flow" sourceRef="{wait[0]}" '
        f'targetRef="{wait[1]}" /><sequenceFlow id="{wait[1]}-flow" sourceRef="{wait[1]}" targetRef="{wait[2]}" />'
        f"{''.join(flows)}</process></definitions>"
    ).encode()


def lists_of(definition: Definition) -> dict[str, Any]:
    """A list of two for everything that a part runs over."""
    boxes = (
        box for spec in (definition.spec, *definition.parts.values()) for box in spec.task_specs.values()
    )
    inputs = (box.data_input for box in boxes if isinstance(box, EachInTurn) and box.data_input is not None)
    return {one.bpmn_id: [1, 2] for one in inputs}
