"""The sheet of a reward for people: a formula with its figures, lines with evidence and reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, url_for

from webapp import db
from webapp.reward_terms import REWARD_FACTORS
from workflows.domain import reasons, reward_facts, rewards
from workflows.domain.calculation import FORMULA
from workflows.domain.reasons import Reason
from workflows.models import RewardCase, RewardLine

FACTORS = ("Kc", "Kt", "Kdual", "V")


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
class SheetLine:
    factor: str
    value: str
    text: str
    evidence: Evidence | None
    reason: Reason | None


@dataclass(frozen=True)
class Sheet:
    terms: tuple[Term, ...]
    total_fen: int
    told: str  # what else than the formula made the total: a cap, the pool, a race; empty for nothing
    lines: tuple[SheetLine, ...]


def set_up(app: Flask) -> None:
    app.jinja_env.globals.update(reward_sheet=sheet, split_reason=split_reason)


def sheet(case: RewardCase) -> Sheet:
    """The last measurement of ``case``, in one more query whatever its length."""
    lines = rewards.sheet(case)
    acceptance = reward_facts.accepted_by(db.session(), case.project)
    paths = _paths(case, acceptance.id if acceptance else None)
    shown = [SheetLine(one.factor, one.value, one.text, paths.get(one.factor), _reason(one)) for one in lines]
    total = next((one.text for one in lines if one.factor == "total"), "")
    told = total.removeprefix(FORMULA).rpartition(" = ")[0] if " = " in total else total.removeprefix(FORMULA)
    return Sheet(tuple(_terms(lines)), case.total_fen, told.lstrip("，；"), tuple(shown))


def split_reason(problem: Mapping[str, Any]) -> Reason | None:
    """The row of D13 behind a problem of a split (portions.problems)."""
    ids, file, version = [problem["row"]], problem["file"], problem["version"]
    return reasons.of_rows(db.session(), file=file, version=version, ids=ids, inputs={})


def _reason(line: RewardLine) -> Reason | None:
    """The table behind ``line``, if it rests on one."""
    if line.file is None or line.version is None:
        return None
    return reasons.of_rows(
        db.session(), file=line.file, version=line.version, ids=line.rows, inputs=line.inputs
    )


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
