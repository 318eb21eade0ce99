"""What a process asks of people and of tables, as Markdown."""

import re
from collections.abc import Iterable, Iterator, Sequence

from lxml import etree
from marshmallow import Schema, fields

from tools.pictures.layout import lanes_of
from workflows import dmn
from workflows.domain.permissions import ROLES
from workflows.engine.gate.diagrams import EVENTS, NODES, around, children, definition_of, id_of, kind_of, tag
from workflows.engine.parser import properties
from workflows.engine.registry import HUMAN

POLICIES = {
    "all": "全部同意",
    "any": "任一人同意",
    "ratio": "达到比例",
    "weighted": "按权重达到比例",
    "sequential": "依次签署",
    "dual": "双方同意",
    "stage": "按签署方案",
}
MOST_COLUMNS = 5  # of conditions side by side; more are listed, rule by rule, where they say something
EVERYWHERE = ("意见", "附件")  # in every form, and need not be filled in
SENDING = ("sendTask", "endEvent", "intermediateThrowEvent")
NO_MATTER = ("-", "")
WORDS = re.compile(r'"([^"]*[\u2e80-\uffff][^"]*)"')  # a text that holds Chinese


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table. The texts of the cells are Markdown already, but for line breaks and bars."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(text) for text in line) + " |" for line in lines)


def code(text: str) -> str:
    return f"`{text}`" if text else ""


def _said(entry: str) -> str:
    """An entry of a table: words without their quotes, everything else as FEEL."""
    words = WORDS.fullmatch(entry)
    return words[1] if words else code(entry)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


# People


def people(root: etree._Element, deadline: dmn.Model | None) -> str:
    """The human steps of a process: who, in which round, and by when; empty without any."""
    lanes = lanes_of(root)
    rows = [
        [
            node.get("name") or "",
            _who(node, lanes),
            _round(properties(node)),
            _by_when(properties(node), deadline),
        ]
        for node in _user_tasks(root)
    ]
    return markdown(["环节", "角色", "会签方式", "期限"], rows) if rows else ""


def forms(root: etree._Element) -> str:
    """What each human step's form asks, a line per step; empty without any."""
    lines = [
        f"- {node.get('name') or ''}：{_form(HUMAN[properties(node)['step']].form)}"
        for node in _user_tasks(root)
    ]
    return "\n".join(["表单：", "", *lines]) if lines else ""


def _user_tasks(root: etree._Element) -> list[etree._Element]:
    return [node for node in root.iter() if tag(node) == "userTask"]


def _who(node: etree._Element, lanes: dict[str, str]) -> str:
    said = properties(node)
    if "stage" in said:
        return f"{code(said['stage'])} 中列出的签署人"
    roles = said.get("roles", _lane(node, lanes)).replace(",", " ").split()
    text = "、".join(ROLES.get(role, role) for role in roles)
    if "assignees" in said:
        return f"{text}（{code(said['assignees'])}）"
    if "post" in said:
        return f"岗位 {code(said['post'])}"
    return f"{text}（单位 {code(said['unit'])}）" if "unit" in said else text


def _lane(node: etree._Element, lanes: dict[str, str]) -> str:
    found: etree._Element | None = node
    while found is not None and tag(found) in NODES:
        if id_of(found) in lanes:
            return lanes[id_of(found)]
        found = around(found)
    return ""


def _round(said: dict[str, str]) -> str:
    if "round" not in said:
        return "一人办理"
    is_asked = said["round"] != "all" or "result" in said or "veto" in said
    parts = [POLICIES[said["round"]] if is_asked else "每人都办"]
    if "ratio" in said:
        parts.append(f"比例 {code(said['ratio'])}")
    if said.get("veto") == "true":
        parts.append("一人不同意即否决")
    if said.get("empty") == "skip":
        parts.append("无人需办则视为同意")
    return "；".join(parts)


def _by_when(said: dict[str, str], deadline: dmn.Model | None) -> str:
    if "due" in said:
        return code(said["due"])
    days = said.get("due_workdays")
    if days is not None and not days.isdigit():
        return f"{code(days)} 个工作日"
    if days is None and deadline is not None and "deadline" in deadline.decisions:
        found = deadline.evaluate("deadline", {"step": said["step"]}).value
        days = None if found is None else str(found)
    return "不限" if days is None else f"{days} 个工作日"


def _form(form: type[Schema]) -> str:
    labels = [label for label in _fields(form()) if label not in EVERYWHERE]
    return "、".join(labels) or "只有意见和附件"


def _fields(schema: Schema) -> Iterator[str]:
    """The labels of the fields, a star where one must be filled in; rows with theirs in brackets."""
    for one in schema.fields.values():
        if one.dump_only or one.metadata.get("widget") == "hidden":
            continue
        label = f"{one.metadata.get('label', one.name)}{'＊' if one.required else ''}"
        if isinstance(one, fields.List) and isinstance(one.inner, fields.Nested):
            label += f"（{'、'.join(_fields(one.inner.schema))}）"
        yield label


# Timers and messages


def timers(root: etree._Element) -> str:
    """What the clock sets off; empty without any."""
    rows = []
    for definition in root.iter():
        event = around(definition)
        if tag(definition) != "timerEventDefinition" or event is None:
            continue
        when = next(
            (one.text or "" for one in children(definition, "timeDate", "timeDuration", "timeCycle")), ""
        )
        rows.append([event.get("name") or "", code(when.strip()), _effect(root, event)])
    return markdown(["定时", "时刻或时长", "到时"], rows) if rows else ""


def _effect(root: etree._Element, event: etree._Element) -> str:
    if tag(event) != "boundaryEvent":
        return "流程继续"
    host = next(one for one in root.iter() if one.get("id") == event.get("attachedToRef"))
    name = host.get("name") or id_of(host)
    return (
        f"“{name}”照常进行，另走此支" if event.get("cancelActivity") == "false" else f"“{name}”中止，改走此支"
    )


def messages(root: etree._Element, others: dict[tuple[str, str], list[str]]) -> str:
    """What comes from other processes and goes to them; empty without any.

    ``others`` lists the processes (Markdown) by direction and name of a message, as ``exchanged`` gives them.
    """
    rows = []
    for direction, name, node, message in exchanged(root):
        said = properties(message)
        carried = "、".join(code(one) for one in said.get("carries", "").replace(",", " ").split())
        there = "、".join(others.get(("接收" if direction == "发出" else "发出", name), []))
        rows.append(
            [direction, node.get("name") or "", there, code(name), code(said.get("key", "")), carried]
        )
    rows = [list(row) for row in dict.fromkeys(tuple(row) for row in rows)]
    return markdown(["方向", "环节", "对方流程", "消息", "关联键", "另带"], rows) if rows else ""


def exchanged(root: etree._Element) -> Iterator[tuple[str, str, etree._Element, etree._Element]]:
    """Each direction (发出, 接收), name of a message, node that sends or waits for it, and the message itself."""
    known = {one.get("id"): one for one in root.iter() if tag(one) == "message"}
    for node in root.iter():
        holder = definition_of(node) if tag(node) in EVENTS and kind_of(node) == "message" else node
        ref = None if holder is None else holder.get("messageRef")
        if tag(node) in NODES and ref is not None:
            yield "发出" if tag(node) in SENDING else "接收", known[ref].get("name", ""), node, known[ref]


# Decision tables


def decision(table: dmn.TableText) -> str:
    """The columns and rules of a table. Where it has many conditions, each rule lists those that matter to it."""
    asked, answered = table.columns[: table.inputs], table.columns[table.inputs :]
    has_notes = any(table.notes)
    rows = []
    for number, (row, note) in enumerate(zip(table.rows, table.notes, strict=True), start=1):
        conditions = [_said(text) if text not in NO_MATTER else "-" for text in row[: table.inputs]]
        if table.inputs > MOST_COLUMNS:
            said = [f"{name} {text}" for name, text in zip(asked, conditions, strict=True) if text != "-"]
            conditions = ["；".join(said) or "-"]
        results = [_said(text) for text in row[table.inputs :]]
        rows.append([str(number), *conditions, *results, *([note] if has_notes else [])])
    heads = list(asked) if table.inputs <= MOST_COLUMNS else ["条件"]
    return markdown(
        ["#", *heads, *(f"→ {name}" for name in answered), *(["备注"] if has_notes else [])], rows
    )
