"""The sheet of a reward for people: a formula with its figures, lines with their evidence, and the rules behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import Flask, url_for

from webapp import db, formats, i18n, rule_forms
from webapp.reward_terms import REWARD_FACTORS
from workflows.domain import reward_facts, rewards, rule_versions
from workflows.domain.calculation import FORMULA
from workflows.models import RewardCase, RewardLine, RuleVersion

FACTORS = ("Kc", "Kt", "Kdual", "V")
DECIMALS = 4  # of a computed input


@dataclass(frozen=True)
class Term:
    """One figure of the formula; ``sign`` stands before it."""

    sign: str
    value: str
    name: str
    factor: str


@dataclass(frozen=True)
class Evidence:
    text: str
    path: str


@dataclass(frozen=True)
class Rule:
    """The table behind a line: its version, where its rows are shown, and what it was asked."""

    file: str
    version: int
    path: str
    rows: tuple[int, ...]
    inputs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class SheetLine:
    factor: str
    value: str
    text: str
    evidence: Evidence | None
    rule: Rule | None


@dataclass(frozen=True)
class Sheet:
    terms: tuple[Term, ...]
    total_fen: int
    told: str  # what else than the formula made the total: a cap, the pool, a race; empty for nothing
    lines: tuple[SheetLine, ...]


def set_up(app: Flask) -> None:
    app.jinja_env.globals.update(reward_sheet=sheet)


def sheet(case: RewardCase) -> Sheet:
    """The last measurement of ``case``, in two more queries whatever its length."""
    lines = rewards.sheet(case)
    named = {(one.file, one.version) for one in lines if one.file and one.version}
    versions: dict[Any, RuleVersion] = {
        (one.file, one.version): one for one in rule_versions.named(db.session(), named)
    }
    acceptance = reward_facts.accepted_by(db.session(), case.project)
    paths = _paths(case, acceptance.id if acceptance else None)
    shown = [
        SheetLine(
            one.factor,
            one.value,
            one.text,
            paths.get(one.factor),
            _rule(one, versions.get((one.file, one.version))),
        )
        for one in lines
    ]
    total = next((one.text for one in lines if one.factor == "total"), "")
    told = total.removeprefix(FORMULA).rpartition(" = ")[0] if " = " in total else total.removeprefix(FORMULA)
    return Sheet(tuple(_terms(lines)), case.total_fen, told.lstrip("，；"), tuple(shown))


def _terms(lines: Sequence[RewardLine]) -> list[Term]:
    """(fixed + benefit) × every factor that the sheet has."""
    values = {one.factor: one.value for one in lines}
    found = [
        Term("（", values.get("fixed", "0"), "固定奖", "fixed"),
        Term("＋", values.get("benefit", "0"), "创效奖", "benefit"),
    ]
    kept = [name for name in FACTORS if name in values]
    for place, name in enumerate(kept):
        found.append(Term("×" if place else "） ×", values[name], REWARD_FACTORS[name], name))
    return found


def _paths(case: RewardCase, acceptance_id: int | None) -> dict[str, Evidence]:
    """Where the facts of each factor are shown."""
    project = case.project
    challenge = Evidence("榜单", url_for("challenges.show", challenge_id=project.challenge_id))
    found = {"level": challenge, "fixed": challenge}
    if acceptance_id is not None:
        path = url_for("acceptances.show", acceptance_id=acceptance_id)
        found |= {"benefit": Evidence("验收与核效", path), "Kc": Evidence("验收", path)}
    found["Kt"] = Evidence("项目工期", url_for("projects.show", project_id=project.id))
    if case.appraisal_id is not None:
        path = url_for("appraisals.show", appraisal_id=case.appraisal_id)
        found |= {name: Evidence("双挂钩考评", path) for name in ("P", "B", "Kdual")}
    found["V"] = Evidence("否决事项", url_for("vetoes.index"))
    return found


def _rule(line: RewardLine, version: RuleVersion | None) -> Rule | None:
    """The table behind ``line``; without a link where its version was never stored."""
    if line.file is None or line.version is None:
        return None
    words = rule_forms.words(version) if version else {}
    numbers = rule_forms.row_numbers(version) if version else {}
    path = url_for("rules.show", version_id=version.id) if version else ""
    if path and line.rows:
        path += f"#r-{line.rows[0]}"
    rows = tuple(numbers[one] for one in line.rows if one in numbers)
    inputs = tuple((words.get(name, name), _given(value, words)) for name, value in line.inputs.items())
    return Rule(line.file, line.version, path, rows, inputs)


def _given(value: Any, words: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return i18n.text("是" if value else "否")
    if value in (None, []):
        return i18n.text("无")
    if isinstance(value, list):
        return i18n.text("、").join(str(one.get("clause", one)) for one in value)
    try:
        return formats.number(round(Decimal(str(value)), DECIMALS))
    except InvalidOperation:
        return words.get(str(value), str(value))
