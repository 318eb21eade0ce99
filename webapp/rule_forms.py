"""A decision table as a form: its rows drawn, parsed and rearranged; two versions compared cell by cell."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from webapp import i18n, rule_cells, rule_terms
from workflows import dmn
from workflows.domain import rule_tables
from workflows.models import RuleVersion

COMMAND = re.compile(r"(add|drop|up|down):(\d{1,4})")
POLICIES = {
    "UNIQUE": "唯一：只能有一行适用",
    "ANY": "任一：适用的各行结果须相同",
    "PRIORITY": "优先：取结果优先级最高的一行",
    "FIRST": "首行：从上往下，取第一个适用的行",
    "RULE ORDER": "全部：依行序列出适用各行的结果",
    "OUTPUT ORDER": "全部：依结果优先级列出",
    "COLLECT": "汇集：列出适用各行的结果",
    "COLLECT SUM": "汇集：适用各行的结果相加",
    "COLLECT MIN": "汇集：取适用各行中最小的结果",
    "COLLECT MAX": "汇集：取适用各行中最大的结果",
    "COLLECT COUNT": "汇集：数出适用的行数",
}
MOST_COLUMNS = 6  # inputs that stand beside each other
ORDERED = ("FIRST", "RULE ORDER")  # policies for which the order of rows counts
AREAS: dict[str, tuple[str, ...]] = {
    "参数与时限": ("setting.dmn", "deadline.dmn", "reminder.dmn"),
    "出题与发榜": ("challenge_level.dmn", "approval_route.dmn", "bid_count.dmn"),
    "揭榜与评审": ("eligibility.dmn", "conflict.dmn", "panel_size.dmn", "score_criterion.dmn"),
    "攻坚": ("rag.dmn", "node_action.dmn", "change_route.dmn", "exemption.dmn"),
    "验收与激励": (
        "acceptance_criterion.dmn",
        "acceptance_verdict.dmn",
        "reward_base.dmn",
        "timeliness.dmn",
        "split_check.dmn",
        "payout_plan.dmn",
    ),
    "考评与否决": ("category_weight.dmn", "dual_link.dmn", "veto.dmn"),
}


@dataclass(frozen=True)
class Cell:
    """One input of the form; ``options`` are (value, words) where only some values are possible."""

    name: str
    label: str
    value: str
    errors: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()

    @property
    def html_id(self) -> str:
        return "f-" + self.name.replace(".", "-")


@dataclass(frozen=True)
class Row:
    id: str
    cells: tuple[Cell, ...]
    note: str


@dataclass(frozen=True)
class Part:
    """A cell of a comparison in words; ``before`` is told where it was another."""

    text: str
    before: str | None = None
    is_open: bool = False  # a condition that every value meets, in both versions


@dataclass(frozen=True)
class Line:
    kind: str  # same, changed, added, gone
    id: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Shown:
    """A table of a version; ``changes`` counts the rows that differ from the other version."""

    text: dmn.TableText
    policy: str
    lines: tuple[Line, ...]
    changes: int

    @property
    def is_wide(self) -> bool:
        """Whether the conditions of a row are better told in one cell, those alone that it sets."""
        return self.text.inputs > MOST_COLUMNS


def ordered(rows: Iterable[Mapping[str, Any]]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """The rows of the list by area; what is in none comes last."""
    by_file = {row["current"].file: row for row in rows}
    found = [
        (area, [by_file.pop(file) for file in files if file in by_file]) for area, files in AREAS.items()
    ]
    return [(area, kept) for area, kept in (*found, ("其他", list(by_file.values()))) if kept]


def drawn(
    rows: Sequence[dmn.RowText] | None, text: dmn.TableText, errors: Mapping[str, list[str]]
) -> list[Row]:
    """The rows as inputs, those of ``text`` where none are given; ``errors`` are named rows.<row>.<column>."""
    given = rows if rows is not None else stored(text)
    return [
        Row(
            row.id,
            tuple(_cell(number, at, cell, text, errors) for at, cell in enumerate(row.cells)),
            row.note,
        )
        for number, row in enumerate(given)
    ]


def stored(text: dmn.TableText) -> list[dmn.RowText]:
    return [
        dmn.RowText(id_, cells, note)
        for id_, cells, note in zip(text.ids, text.rows, text.notes, strict=True)
    ]


def parse(sent: MultiDict[str, str], text: dmn.TableText) -> list[dmn.RowText]:
    """The rows that were sent, in FEEL."""
    rows = []
    for number in range(rule_tables.MOST_ROWS + 1):
        if f"rows.{number}.id" not in sent:
            break
        id_ = sent[f"rows.{number}.id"]
        typed = [sent.get(f"rows.{number}.{at}", "") for at in range(len(text.columns))]
        cells = tuple(
            rule_cells.feel_of(cell, kind=text.kinds[at], is_input=at < text.inputs)
            for at, cell in enumerate(typed)
        )
        note = " ".join(sent.get(f"rows.{number}.note", "").split())
        rows.append(dmn.RowText(id_ if id_ in text.ids else "", cells, note))
    return rows


def rearranged(rows: list[dmn.RowText], command: str, text: dmn.TableText) -> list[dmn.RowText]:
    """``rows`` after one press of a button: ``add:3`` (after the third), ``drop:3``, ``up:3`` or ``down:3``, from 0."""
    found = COMMAND.fullmatch(command)
    at = int(found[2]) if found else -1
    moved = list(rows)
    if not found or at >= len(rows) + (found[1] == "add"):
        return moved
    if found[1] == "add" and len(rows) < rule_tables.MOST_ROWS:
        cells = ("-",) * text.inputs + ("",) * (len(text.columns) - text.inputs)
        moved.insert(at + 1, dmn.RowText("", cells))
    elif found[1] == "drop":
        del moved[at]
    elif found[1] == "up" and at:
        moved[at - 1 : at + 1] = reversed(moved[at - 1 : at + 1])
    elif found[1] == "down":
        moved[at : at + 2] = reversed(moved[at : at + 2])
    return moved


def compared(version: RuleVersion, other: RuleVersion | None) -> list[Shown]:
    """The tables of ``version``, each row beside its own of ``other``; both with their contents loaded."""
    old = {one.decision: one for one in rule_tables.tables(other)} if other else {}
    return [_shown(text, old.get(text.decision, text)) for text in rule_tables.tables(version)]


def words(version: RuleVersion) -> dict[str, str]:
    """What the columns and the codes of the tables of ``version`` are called, in the language of this request."""
    found: dict[str, str] = {}
    for text in rule_tables.tables(version):
        found |= codes(text) | dict(zip(text.asks, text.columns, strict=True))
    return {name: i18n.text(title) for name, title in found.items() if name}


def codes(text: dmn.TableText) -> dict[str, str]:
    """The codes in the cells of ``text`` that have words, with them."""
    terms = rule_terms.of(text.decision)
    written = (one for row in text.rows for cell in row for one in rule_cells.LITERAL.findall(cell))
    return {code: terms[code] for code in written if code in terms}


def _shown(text: dmn.TableText, before: dmn.TableText) -> Shown:
    terms = rule_terms.of(text.decision)
    lines = tuple(_line(one, text, terms) for one in dmn.differences(before, text))
    changes = sum(line.kind != "same" for line in lines)
    return Shown(text, POLICIES.get(text.policy, text.policy), lines, changes)


def _line(found: dmn.Difference, text: dmn.TableText, terms: Mapping[str, str]) -> Line:
    cells = found.after or found.before or ()
    before = found.before or cells
    parts = []
    for at, (new, old) in enumerate(zip(cells, before, strict=True)):
        told = [_words(one, at, text, terms) for one in (new, old)]
        is_open = new in rule_cells.ANY and old in rule_cells.ANY
        parts.append(Part(told[0], told[1] if new != old else None, is_open))
    return Line(found.kind, found.id, tuple(parts))


def _words(cell: str, at: int, text: dmn.TableText, terms: Mapping[str, str]) -> str:
    """The cell in words; the last one of a row is its note, and no FEEL."""
    if at == len(text.columns):
        return cell
    return rule_cells.words(cell, is_input=at < text.inputs, terms=terms)


def _cell(number: int, at: int, cell: str, text: dmn.TableText, errors: Mapping[str, list[str]]) -> Cell:
    name, kind, is_input = f"rows.{number}.{at}", text.kinds[at], at < text.inputs
    options: tuple[tuple[str, str], ...] = ()
    if kind == "boolean" and cell in ("", "-", "true", "false"):
        allowed = ("-", "true", "false") if is_input else ("true", "false")
        options = tuple((one, rule_cells.words(one, is_input=is_input)) for one in allowed)
    return Cell(
        name,
        text.columns[at],
        rule_cells.shown(cell, kind=kind, is_input=is_input),
        tuple(errors.get(name, ())),
        options,
    )
