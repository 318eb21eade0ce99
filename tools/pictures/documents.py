"""docs/processes.md and its pictures, made from the diagrams, the tables and the registered steps."""

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

import workflows.steps  # noqa: F401 -- registers the forms and the starts
from tools.pictures import drawing, layout, tables
from workflows import dmn
from workflows.engine.gate import diagrams
from workflows.engine.parser import table_name
from workflows.engine.registry import STARTS

ROOT = Path(__file__).resolve().parents[2]
PAGE, PICTURES = "docs/processes.md", "docs/processes"
# The folders of bpmn/ in the order of a project's life; any other follows at the end.
ORDER = [
    "campaign",
    "intake",
    "publish",
    "bid",
    "selection",
    "publicity",
    "pledge",
    "delivery",
    "change",
    "acceptance",
    "reward",
    "appraisal",
    "veto",
    "approval",
    "meeting",
    "supervision_order",
    "reminder",
    "rules",
]
FOLDERS = {"reminder": "催办", "rules": "各流程共用"}  # that hold no process
OPENING = """# 流程与规则

<!-- 由 python3 dev.py docs 生成，请改流程图、规则表或步骤，不要改本文件。 -->

本页列出全部流程图和规则表：谁在哪一步办什么、几天办、按哪张表判断。流程图在 `bpmn/` 各目录的 .bpmn 文件中，规则表在
.dmn 文件中，表单来自 `workflows/steps/`。规则表以本版本随附的为准，启用新版本后以系统内现行版本为准。

图例：每条横道是一个角色；蓝色是人办的环节（下沿三竖线为会签，右上角的字是不在本横道的角色），灰色是系统办的，黄色查规则表，
绿色粗框调用另一个流程；虚线框是收到消息才启动的部分；环节边上的圆圈是期限或消息，虚线圆圈不中断原来的环节；菱形出口上的短斜线
是其他条件都不满足时走的路。点图可看原大。

表中等宽字（如 `leader_id`、`cure_by`）是流程变量，其值由前面的环节或参数表得出。每张表单都有意见和附件，下面只列其余字段，
带＊的必填。规则表备注中 [S#] 有出处，[R] 是建议值，都可以改成新版本。"""
HIT_POLICIES = {
    "UNIQUE": "只有一条规则适用",
    "ANY": "适用的规则结果相同",
    "FIRST": "取第一条适用的规则",
    "PRIORITY": "取优先的结果",
    "COLLECT": "列出所有适用规则的结果",
    "RULE ORDER": "按规则顺序列出所有适用的结果",
    "OUTPUT ORDER": "按优先顺序列出所有适用的结果",
    "COLLECT SUM": "适用规则的结果相加",
    "COLLECT COUNT": "数适用的规则",
    "COLLECT MIN": "取最小的结果",
    "COLLECT MAX": "取最大的结果",
}


def make(folder: Path = ROOT / "bpmn") -> dict[str, str]:
    """The text of each document by its path from the root of the project, in order."""
    made = {}
    sections = []
    rules = list(_rules(folder))
    known = {table.decision: table for _, table in rules}
    deadline = _deadline(folder)
    drawn = {file: _read(file) for file in sorted(folder.rglob("*.bpmn"), key=_place)}
    others = _exchanged(drawn)
    for file, root in drawn.items():
        picture = f"{PICTURES}/{file.stem}.svg"
        made[picture] = drawing.draw(layout.read(file.read_bytes(), file.name))
        sections.append(_section(file, root, known, deadline, _callers(file, drawn), others))
    text = "\n\n".join([OPENING, _contents(drawn, rules), *sections, _tables(rules)])
    return {PAGE: text + "\n", **made}


def differing() -> list[str]:
    """The documents, by path, that are not as ``make`` makes them now; also pictures of no diagram."""
    wanted = make()
    there = {PAGE, *(f"{PICTURES}/{path.name}" for path in (ROOT / PICTURES).glob("*"))}
    return sorted(path for path in there | set(wanted) if _there(path) != wanted.get(path))


def write() -> list[str]:
    """Make all documents anew; returns the paths of those that changed."""
    wanted, changed = make(), differing()
    (ROOT / PICTURES).mkdir(parents=True, exist_ok=True)
    for path in changed:
        if path in wanted:
            (ROOT / path).write_text(wanted[path], encoding="utf-8", newline="\n")
        else:
            (ROOT / path).unlink()
    return changed


def _there(path: str) -> str | None:
    file = ROOT / path
    return file.read_bytes().decode() if file.exists() else None


def _read(file: Path) -> etree._Element:
    root = diagrams.read(file.read_bytes(), file.name)
    if not isinstance(root, etree._Element):
        raise ValueError(str(root))
    return root


def _process(root: etree._Element) -> etree._Element:
    return next(one for one in root.iter() if diagrams.tag(one) == "process")


def _title(root: etree._Element) -> str:
    return _process(root).get("name") or diagrams.id_of(_process(root))


def _place(file: Path) -> tuple[int, str, bool, str]:
    """Where a file comes: by its folder in ``ORDER``, the process that the folder is named after first."""
    name = file.parent.name
    return ORDER.index(name) if name in ORDER else len(ORDER), name, file.stem != name, file.stem


def _rules(folder: Path) -> Iterator[tuple[str, dmn.TableText]]:
    for file in sorted(folder.rglob("*.dmn"), key=_place):
        for table in dmn.tables(file.read_bytes(), file=file.name):
            yield file.relative_to(folder.parent).as_posix(), table


def _deadline(folder: Path) -> dmn.Model | None:
    file = next(iter(folder.rglob("deadline.dmn")), None)
    return None if file is None else dmn.load(file.read_bytes(), file=file.name)


def _callers(file: Path, drawn: dict[Path, etree._Element]) -> list[str]:
    """Links to the processes that call the one of ``file``."""
    id_ = diagrams.id_of(_process(drawn[file]))
    return [
        f"[{_title(root)}](#{other.stem})"
        for other, root in drawn.items()
        if any(one.get("calledElement") == id_ for one in root.iter() if diagrams.tag(one) == "callActivity")
    ]


def _exchanged(drawn: dict[Path, etree._Element]) -> dict[tuple[str, str], list[str]]:
    """Links to the processes that send or receive each message."""
    found: dict[tuple[str, str], list[str]] = {}
    for file, root in drawn.items():
        for direction, name in dict.fromkeys((one[0], one[1]) for one in tables.exchanged(root)):
            found.setdefault((direction, name), []).append(f"[{_title(root)}](#{file.stem})")
    return found


# The page


def _contents(drawn: dict[Path, etree._Element], rules: list[tuple[str, dmn.TableText]]) -> str:
    """A row per folder: its processes and its tables."""
    rows: dict[str, tuple[list[str], list[str]]] = {}
    for file, root in drawn.items():
        rows.setdefault(file.parent.name, ([], []))[0].append(f"[{_title(root)}](#{file.stem})")
    for path, table in rules:
        rows.setdefault(Path(path).parent.name, ([], []))[1].append(
            f"[{table.title}](#rule-{table.decision})"
        )
    return tables.markdown(
        ["流程", "其中的流程", "规则表"],
        [
            [one[0] if one else FOLDERS.get(name, name), "、".join(one[1:]), "、".join(decided)]
            for name, (one, decided) in rows.items()
        ],
    )


def _section(
    file: Path,
    root: etree._Element,
    rules: dict[str, dmn.TableText],
    deadline: dmn.Model | None,
    callers: list[str],
    others: dict[tuple[str, str], list[str]],
) -> str:
    title, path = _title(root), file.relative_to(ROOT).as_posix()
    picture = f"processes/{file.stem}.svg"
    asked = dict.fromkeys(
        table_name(one) or "" for one in root.iter() if diagrams.tag(one) == "businessRuleTask"
    )
    links = "、".join(
        f"[{rules[one].title}](#rule-{one})" if one in rules else tables.code(one) for one in asked
    )
    parts = [
        f'<a id="{file.stem}"></a>\n\n## {title}',
        f"流程图 [`{path}`](../{path})。{_beginning(root, callers)}",
        f"[![{title}]({picture})]({picture})",
        tables.people(root, deadline),
        tables.forms(root),
        tables.timers(root),
        tables.messages(root, others),
        f"查用的规则表：{links}。" if links else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _beginning(root: etree._Element, callers: list[str]) -> str:
    """How the process begins: by a person, by a message, by another process."""
    process = _process(root)
    said = []
    if diagrams.id_of(process) in STARTS:
        said.append(f"由用户“{STARTS[diagrams.id_of(process)].title}”发起。")
    if any(diagrams.kind_of(one) == "message" for one in diagrams.children(process, "startEvent")):
        said.append("由消息启动。")
    if callers:
        said.append(f"由{'、'.join(callers)}调用。")
    return "".join(said)


def _tables(rules: list[tuple[str, dmn.TableText]]) -> str:
    parts = ["# 规则表"]
    for path, table in rules:
        policy = HIT_POLICIES.get(table.policy, table.policy)
        parts += [
            f'<a id="rule-{table.decision}"></a>\n\n## {table.title}',
            f"[`{path}`](../{path})，{policy}。",
            tables.decision(table),
        ]
    return "\n\n".join(parts)
