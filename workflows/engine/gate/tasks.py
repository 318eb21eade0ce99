"""Tasks: their steps, lanes and tables, and what a user task says of the people it asks."""

from collections.abc import Collection

from lxml import etree

from workflows.engine.gate import expressions
from workflows.engine.gate.diagrams import NODES, Diagram, around, children, id_of, is_element, tag
from workflows.engine.gate.elements import MULTIPLE
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
                diagram.complain(node, "用户任务不在任何泳道中")
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
            diagram.complain(lane, f"泳道 {role or '(无名)'} 不是已知的角色")
        for ref in children(lane, "flowNodeRef"):
            node = ref.text or ""
            if node not in nodes:
                diagram.complain(ref, f"泳道中的 {node.strip() or '(空)'} 不是本文件的节点")
            if node in lanes:
                diagram.complain(ref, f"{node} 在两个泳道中")
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


def _check_step(diagram: Diagram, node: etree._Element, step: str | None, where: str, *, human: bool) -> None:
    if diagram.names is None:
        return
    known = diagram.names.human if human else diagram.names.service
    if not step:
        diagram.complain(node, f"没有指明步骤（{where}）")
    elif step not in known:
        diagram.complain(node, f"没有名为 {step} 的{'人工' if human else '服务'}步骤")


def _check_decision(diagram: Diagram, node: etree._Element, decisions: Collection[str]) -> None:
    table = table_name(node)
    if not table:
        diagram.complain(node, "没有指明决策(calledDecisionId)")
    elif table not in decisions:
        diagram.complain(node, f"没有名为 {table} 的决策表")
    elif not properties(node).get("result", table).isidentifier():
        diagram.complain(node, "决策结果（属性 result）须是变量名")


def _check_human(diagram: Diagram, node: etree._Element, said: dict[str, str]) -> None:
    _check_step(diagram, node, said.get("step"), "属性 step", human=True)
    for name, shape in SHAPES.items():
        if name in said:
            expressions.check_property(diagram, node, name, said[name], shape)
    for names in ONLY_ONE_OF:
        several = [name for name in names if name in said]
        if len(several) > 1:
            diagram.complain(node, f"属性 {'、'.join(several)} 只能用一个")
    for name, values in FIXED.items():
        if name in said and said[name] not in values:
            diagram.complain(node, f"属性 {name} 只能是 {' 或 '.join(values)}")
    markers = children(node, MULTIPLE)
    if markers and "round" not in said:
        diagram.complain(node, "多实例标记的用户任务是会签，需要属性 round")
    if "round" not in said:
        for name in ONLY_IN_ROUNDS:
            if name in said:
                diagram.complain(node, f"属性 {name} 只用于会签（属性 round）")
        return
    if not markers:
        diagram.complain(node, "属性 round 需要多实例标记")
    for marker in markers:
        _check_marker(diagram, marker, said)
    if said["round"] == STAGE:
        _check_stage(diagram, node, said)
    else:
        _check_round(diagram, node, said)
    if not said.get("result", f"{id_of(node)}_result").isidentifier():
        diagram.complain(node, "会签结果（属性 result）须是变量名；编号含连字符时必须写明")


def _check_marker(diagram: Diagram, marker: etree._Element, said: dict[str, str]) -> None:
    if any(is_element(child) for child in marker):
        diagram.complain(marker, "会签的多实例标记内不能有内容，请用属性说明")
    if marker.get("isSequential") == "true" and said["round"] != "sequential":
        diagram.complain(marker, "顺序多实例标记只用于 round=sequential")


def _check_round(diagram: Diagram, node: etree._Element, said: dict[str, str]) -> None:
    policy, roles = said["round"], _roles(said)
    if policy not in POLICIES:
        diagram.complain(node, f"会签策略 {policy} 不存在，可用：{'、'.join((*POLICIES, STAGE))}")
    if policy in ("ratio", "weighted") and "ratio" not in said:
        diagram.complain(node, f"会签策略 {policy} 需要属性 ratio")
    if policy not in ("ratio", "weighted") and "ratio" in said:
        diagram.complain(node, "属性 ratio 只用于 ratio 和 weighted")
    if policy != "weighted" and "weights" in said:
        diagram.complain(node, "属性 weights 只用于 weighted")
    if policy == "dual" and len(set(roles)) != 2:
        diagram.complain(node, "会签策略 dual 需要恰好两个角色（属性 roles）")
    if policy == "sequential" and not roles and "assignees" not in said:
        diagram.complain(node, "会签策略 sequential 需要属性 assignees 或 roles")
    if len(set(roles)) != len(roles):
        diagram.complain(node, "属性 roles 中有重复的角色")
    for role in roles:
        if diagram.names is not None and role not in diagram.names.roles:
            diagram.complain(node, f"属性 roles 中的 {role} 不是已知的角色")
    if "stage" in said:
        diagram.complain(node, "属性 stage 只用于 round=stage")


def _check_stage(diagram: Diagram, node: etree._Element, said: dict[str, str]) -> None:
    if "stage" not in said:
        diagram.complain(node, "会签 round=stage 需要属性 stage")
    for name in NOT_IN_STAGES:
        if name in said:
            diagram.complain(node, f"属性 {name} 不用于 round=stage，由 stage 的值给出")


def _roles(said: dict[str, str]) -> list[str]:
    return said.get("roles", "").replace(",", " ").split()
