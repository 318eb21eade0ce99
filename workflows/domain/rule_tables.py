"""规则表: a table edited by its rows. What is wrong is told at the cell, as ``rows.3.1``: row and column from 0."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from sqlalchemy.orm import Session

from workflows import dmn, feel
from workflows.domain import rules
from workflows.errors import Invalid
from workflows.models import RuleVersion

KINDS = {"number": "数字", "string": "文字", "boolean": "true 或 false"}
MOST_ROWS = 200
Faults = dict[str, list[str]]


def tables(version: RuleVersion) -> tuple[dmn.TableText, ...]:
    """What the tables of ``version`` say; its content has to be loaded."""
    return _tables(version.file, version.content)


def table(version: RuleVersion, decision: str | None = None) -> dmn.TableText:
    """The table of ``decision``, or the first of the file. Raises Invalid for another decision."""
    known = {one.decision: one for one in tables(version)}
    chosen = decision or next(iter(known), "")
    if chosen not in known:
        raise Invalid({"decision": ["这个文件没有这张表。"]})
    return known[chosen]


def rewrite(session: Session, version: RuleVersion, decision: str, rows: Sequence[dmn.RowText]) -> str:
    """The content of ``version`` with ``rows`` in the table ``decision``.

    Raises Invalid, at the cells, for what FEEL does not read, a name that the table is not given, a value of another
    kind, rows of a UNIQUE table that overlap, and cases that the version in force answers and these rows do not.
    """
    text = table(version, decision)
    if not 1 <= len(rows) <= MOST_ROWS:
        raise Invalid({"rows": [f"表应有 1 至 {MOST_ROWS} 行。"]})
    model = dmn.load(version.content.encode(), file=version.file)
    logic = model.table(decision)
    names = frozenset(_names(model, decision))
    faults: Faults = {}
    for number, row in enumerate(rows):
        faults |= _row_faults(number, row, text, logic, names)
    if not faults:
        content = dmn.rewrite(version.content.encode(), file=version.file, decision=decision, rows=rows)
        faults = _table_faults(session, version.file, decision, content)
    if faults:
        raise Invalid(faults)
    return content


def coverage(session: Session, file: str, fresh: dmn.Model) -> list[str]:
    """Overlaps in the tables of ``fresh`` and cases that only the version in force answers, in words."""
    old = rules.loaded(session, rules.in_force(session)[file])
    faults = []
    for id_, decision in fresh.decisions.items():
        before = old.decisions.get(id_)
        if isinstance(decision.logic, dmn.Table) and before and isinstance(before.logic, dmn.Table):
            found = _compared(decision.logic, before.logic)
            faults += [f"{decision.name}：{message}" for messages in found.values() for message in messages]
    return faults


@lru_cache(maxsize=256)
def _tables(file: str, content: str) -> tuple[dmn.TableText, ...]:
    return tuple(dmn.tables(content.encode(), file=file))


def _names(model: dmn.Model, decision: str) -> Iterator[str]:
    """What the cells of the table may read."""
    made = model.decisions[decision]
    yield from (data.name for data in made.own_inputs)
    for id_ in made.requires:
        for known in (model.input_data, model.decisions, model.knowledge):
            if id_ in known:
                yield known[id_].name


def _row_faults(
    number: int, row: dmn.RowText, text: dmn.TableText, logic: dmn.Table, names: frozenset[str]
) -> Faults:
    if len(row.cells) != len(text.columns):
        raise Invalid({"rows": [f"每行应有 {len(text.columns)} 格。"]})
    faults: Faults = {}
    for place, cell in enumerate(row.cells):
        if place < text.inputs:
            fault = _test_fault(cell, text.kinds[place], names)
        else:
            fault = _answer_fault(cell, logic.outputs[place - text.inputs], names)
        if fault:
            faults[f"rows.{number}.{place}"] = [fault]
    return faults


def _test_fault(cell: str, kind: str, names: frozenset[str]) -> str:
    if cell in ("", "-"):
        return ""
    try:
        made = feel.compile_unary(cell, names=names | {"?"})
    except feel.FeelSyntaxError as error:
        return f"第 {error.column} 个字附近看不懂。条件写成 < 60、[15..35]、1, 2 或 not(3)，- 表示不限。"
    if unknown := _unknown(made, names | {"?"}):
        return f"没有“{unknown}”这个输入；如果是文字，请加英文引号。"
    written = {feel.kind(one) for one in made.constants if one is not None}
    if kind == "number" and "string" in written:
        return f"这一列应填{KINDS[kind]}。"
    return ""


def _answer_fault(cell: str, column: dmn.Output, names: frozenset[str]) -> str:
    if not cell:
        return "结果不能为空；没有结果请写 null。"
    try:
        made = feel.compile(cell, names=names)
    except feel.FeelSyntaxError as error:
        return f"第 {error.column} 个字附近看不懂。结果写成数字、英文引号中的文字或算式。"
    if unknown := _unknown(made, names):
        return f"没有“{unknown}”这个输入；如果是文字，请加英文引号。"
    if made.names - frozenset(feel.BUILTINS):
        return ""
    value = made.evaluate({}).value
    if value is None and cell != "null":
        return "算不出结果，请检查写法。"
    if value is not None and column.type.kind in KINDS and feel.kind(value) != column.type.kind:
        return f"这一列应填{KINDS[column.type.kind]}。"
    if column.allowed and column.allowed.evaluate({"?": value}).value is not True:
        return f"这一列只能是 {column.allowed.text}。"
    return ""


def _unknown(made: feel.Expression, names: frozenset[str]) -> str:
    return min(made.names - names - frozenset(feel.BUILTINS), default="")


def _table_faults(session: Session, file: str, decision: str, content: str) -> Faults:
    try:
        fresh = dmn.load(content.encode(), file=file).table(decision)
    except dmn.DmnError as error:
        return {"rows": [one.reason for one in error.problems]}
    before = rules.loaded(session, rules.in_force(session)[file])
    return _compared(fresh, before.table(decision) if decision in before.decisions else fresh)


def _compared(fresh: dmn.Table, before: dmn.Table) -> Faults:
    faults: Faults = {}
    for one in dmn.overlaps(fresh):
        told = f"与第 {one.first} 行重叠，两行会同时适用：{_told(one.case)}。请改动其中一行。"
        faults.setdefault(f"rows.{one.second - 1}.0", []).append(told)
    for case in dmn.gaps(fresh, before):
        faults.setdefault("rows", []).append(f"没有一行适用于：{_told(case)}。现行版本对此有结果。")
    return faults


def _told(case: Sequence[tuple[str, str]]) -> str:
    return "，".join(f"{text} = {value}" for text, value in case if value != "null") or "任何情况"
