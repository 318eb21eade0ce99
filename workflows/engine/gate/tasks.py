"""Tasks: their steps, lanes and tables, and what a user task says of the people it asks."""

from collections.abc import Collection

from lxml import etree

from workflows.engine.gate import expressions
from workflows.engine.gate.diagrams import NODES, Diagram, around, children, id_of, is_element, tag
from workflows.engine.gate.elements import MULTIPLE
from workflows.engine.gate.telling import Value
from workflows.engine.parser import operator, properties, table_name
from workflows.engine.specs import POLICIES, STAGE

SHAPES = {
    "assignees": "list",
    "weights": "list",
    "unit": "count",
    "post": "count",
    "due": "moment",
    "due_workdays": "count",
    "ratio": "share",
    "stage": "stage",
}
ONLY_ONE_OF = (("assignees", "post", "roles"), ("assignees", "post", "unit"), ("due", "due_workdays"))
ONLY_IN_ROUNDS = ("veto", "empty", "roles", "ratio", "weights", "result", "stage")
NOT_IN_STAGES = ("assignees", "roles", "unit", "post", "weights", "ratio", "veto", "empty")
FIXED = {"veto": ("true", "false"), "empty": ("skip",)}


def check(diagram: Diagram, decisions: Collection[str]) -> None:
    """``decisions``: the ids of the decisions that some table makes."""
    lanes = _check_lanes(diagram)
    for node in diagram.nodes():
        name = tag(node)
        if name == "userTask":
            _check_human(diagram, node, properties(node))
            if diagram.names is not None and _lane_of(node, lanes) is None:
                diagram.complain(node, "no_lane")
        elif name == "serviceTask":
            _check_step(diagram, node, operator(node), "serviceTaskOperator", human=False)
        elif name == "businessRuleTask":
            _check_decision(diagram, node, decisions)


def _check_lanes(diagram: Diagram) -> dict[str, str]:
    """The lane of each node that is drawn in one."""
    nodes = {id_of(node) for node in diagram.nodes()}
    lanes: dict[str, str] = {}
    for lane in diagram.all("lane"):
        role = lane.get("name") or ""
        if diagram.names is not None and role not in diagram.names.roles:
            diagram.complain(lane, "unknown_role", role=role or ("(无名)", "(unnamed)"))
        for ref in children(lane, "flowNodeRef"):
            node = ref.text or ""
            if node not in nodes:
                diagram.complain(ref, "unknown_in_lane", node=node.strip() or ("(空)", "(empty)"))
            if node in lanes:
                diagram.complain(ref, "lanes_several", node=node)
            lanes[node] = role
    return lanes


def _lane_of(node: etree._Element, lanes: dict[str, str]) -> str | None:
    """The lane of a node, or that of the sub-process around it."""
    found: etree._Element | None = node
    while found is not None and tag(found) in NODES:
        if id_of(found) in lanes:
            return lanes[id_of(found)]
        found = around(found)
    return None


def _check_step(
    diagram: Diagram, node: etree._Element, step: str | None, where: Value, *, human: bool
) -> None:
    if diagram.names is None:
        return
    known = diagram.names.steps_of(is_human=human)
    if not step:
        diagram.complain(node, "no_step", where=where)
    elif step not in known:
        diagram.complain(
            node, "unknown_step", step=step, kind=("人工", "human") if human else ("服务", "service")
        )


def _check_decision(diagram: Diagram, node: etree._Element, decisions: Collection[str]) -> None:
    table = table_name(node)
    if not table:
        diagram.complain(node, "no_table")
    elif diagram.names is not None and table not in decisions and table not in diagram.names.tables:
        diagram.complain(node, "unknown_table", table=table)
    elif not properties(node).get("result", table).isidentifier():
        diagram.complain(node, "result_name")


def _check_human(diagram: Diagram, node: etree._Element, said: dict[str, str]) -> None:
    _check_step(diagram, node, said.get("step"), ("属性 step", "property step"), human=True)
    for name, shape in SHAPES.items():
        if name in said:
            expressions.check_property(diagram, node, name, said[name], shape)
    for names in ONLY_ONE_OF:
        several = [name for name in names if name in said]
        if len(several) > 1:
            diagram.complain(node, "property_one_of", names=several)
    for name, values in FIXED.items():
        if name in said and said[name] not in values:
            diagram.complain(
                node, "property_value", name=name, values=(" 或 ".join(values), " or ".join(values))
            )
    markers = children(node, MULTIPLE)
    if markers and "round" not in said:
        diagram.complain(node, "round_missing")
    if "round" not in said:
        for name in ONLY_IN_ROUNDS:
            if name in said:
                diagram.complain(node, "round_only", name=name)
        return
    if not markers:
        diagram.complain(node, "round_marker")
    for marker in markers:
        _check_marker(diagram, marker, said)
    if said["round"] == STAGE:
        _check_stage(diagram, node, said)
    else:
        _check_round(diagram, node, said)
    if not said.get("result", f"{id_of(node)}_result").isidentifier():
        diagram.complain(node, "round_result")


def _check_marker(diagram: Diagram, marker: etree._Element, said: dict[str, str]) -> None:
    if any(is_element(child) for child in marker):
        diagram.complain(marker, "round_content")
    if marker.get("isSequential") == "true" and said["round"] != "sequential":
        diagram.complain(marker, "round_sequential")


def _check_round(diagram: Diagram, node: etree._Element, said: dict[str, str]) -> None:
    policy, roles = said["round"], _roles(said)
    if policy not in POLICIES:
        diagram.complain(node, "round_policy", policy=policy, known=[*POLICIES, STAGE])
    if policy in ("ratio", "weighted") and "ratio" not in said:
        diagram.complain(node, "round_ratio_missing", policy=policy)
    if policy not in ("ratio", "weighted") and "ratio" in said:
        diagram.complain(node, "round_ratio")
    if policy != "weighted" and "weights" in said:
        diagram.complain(node, "round_weights")
    if policy == "dual" and len(set(roles)) != 2:
        diagram.complain(node, "round_dual")
    if policy == "sequential" and not roles and "assignees" not in said:
        diagram.complain(node, "round_order")
    if len(set(roles)) != len(roles):
        diagram.complain(node, "roles_twice")
    for role in roles:
        if diagram.names is not None and role not in diagram.names.roles:
            diagram.complain(node, "unknown_role_in_roles", role=role)
    if "stage" in said:
        diagram.complain(node, "stage_position")


def _check_stage(diagram: Diagram, node: etree._Element, said: dict[str, str]) -> None:
    if "stage" not in said:
        diagram.complain(node, "stage_missing")
    for name in NOT_IN_STAGES:
        if name in said:
            diagram.complain(node, "stage_property", name=name)


def _roles(said: dict[str, str]) -> list[str]:
    return said.get("roles", "").replace(",", " ").split()
