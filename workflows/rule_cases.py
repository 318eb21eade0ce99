"""试算旧案: what a draft would have decided on everything that its tables have decided before. Nothing is kept."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from workflows import dmn
from workflows.domain import rules
from workflows.engine.registry import HUMAN
from workflows.engine.tables import HistoryEntry, Process
from workflows.models import Project, RewardCase, RewardLine, RuleVersion

Words = Mapping[str, str]
MOST_CASES = 2000  # of each kind, the newest


@dataclass(frozen=True)
class Case:
    """One decision of the past: what it was about, the values it asked (expression -> value as JSON), its answer."""

    subject: str
    path: str
    at: dt.datetime
    decision: str  # its name
    inputs: Mapping[str, Any]
    before: str


@dataclass(frozen=True)
class Replayed:
    """``after`` is the draft's answer; where it has none ``fault`` says why."""

    case: Case
    after: str
    fault: str = ""

    @property
    def is_changed(self) -> bool:
        return bool(self.fault) or self.after != self.case.before


def replay(
    session: Session, version: RuleVersion, *, words: Mapping[str, str] = MappingProxyType({})
) -> list[Replayed]:
    """Every recorded decision of the tables of ``version`` (its content loaded), the changed ones first, the newest
    first. Answers are told with ``words`` for the names of outputs and for codes.
    """
    model = dmn.load(version.content.encode(), file=version.file)
    names = {one.name for one in model.decisions.values() if isinstance(one.logic, dmn.Table)}
    cases = [*_of_processes(session, names, words), *_of_rewards(session, version.file, model, words)]
    replayed = [_replayed(model, case, words) for case in cases if case.decision in names]
    return sorted(replayed, key=lambda one: (not one.is_changed, -one.case.at.timestamp()))


def step_titles() -> dict[str, str]:
    """What people call the steps that are asked of them, by code: selection.open -> 开榜."""
    return {name: step.title for name, step in sorted(HUMAN.items())}


def _replayed(model: dmn.Model, case: Case, words: Words) -> Replayed:
    try:
        outcome = model.replay(case.decision, case.inputs)
    except dmn.DecisionError as error:
        return Replayed(case, "", error.reason)
    return Replayed(case, told(dmn.trace_to_json(outcome.trace)[-1]["output"], words))


def told(output: object, words: Words) -> str:
    """An answer in one line: the values of its parts, those of several rows one after the other."""
    if isinstance(output, Mapping):
        return "，".join(f"{words.get(name, name)} {told(value, words)}" for name, value in output.items())
    if isinstance(output, list):
        return "；".join(told(one, words) for one in output) or "–"
    if isinstance(output, bool):
        return "是" if output else "否"
    return "–" if output is None else words.get(str(output), str(output))


def _of_processes(session: Session, names: set[str], words: Words) -> Iterator[Case]:
    """What diagrams have asked, by their histories."""
    query = (
        select(HistoryEntry.at, HistoryEntry.after, Process.subject, Process.subject_path)
        .join(Process, HistoryEntry.process_id == Process.id)
        .where(HistoryEntry.verb == "decide")
        .order_by(HistoryEntry.at.desc())
        .limit(MOST_CASES)
    )
    for at, after, subject, path in session.execute(query):
        step = after["trace"][-1]
        if step["decision"] in names:
            yield Case(subject, path, at, step["decision"], step["inputs"], told(step["output"], words))


def _of_rewards(session: Session, file: str, model: dmn.Model, words: Words) -> Iterator[Case]:
    """What sheets of rewards rest on; the answer is that of the version which the line names."""
    query = (
        select(RewardLine, RewardCase)
        .join(RewardCase, RewardLine.case_id == RewardCase.id)
        .where(RewardLine.file == file, RewardLine.measurement == RewardCase.measurement)
        .order_by(RewardLine.id.desc())
        .limit(MOST_CASES)
        .options(joinedload(RewardCase.project).joinedload(Project.challenge))
    )
    asked = {one.version: one for one in rules.editions(session) if one.file == file}
    for line, case in session.execute(query):
        edition = asked.get(line.version or 0)
        decision = _deciding(model, line.inputs)
        if edition is None or decision is None or case.measured_at is None:
            continue
        asking = Case("", "", case.measured_at, decision, line.inputs, "")
        before = _replayed(rules.loaded(session, edition), asking, words)
        subject = f"{case.project.challenge.title} · {line.factor}"
        yield Case(
            subject,
            f"/rewards/{case.id}",
            case.measured_at,
            decision,
            line.inputs,
            before.after or before.fault,
        )


def _deciding(model: dmn.Model, inputs: Mapping[str, Any]) -> str | None:
    """The name of the table of ``model`` whose columns ask just what was asked."""
    for one in model.decisions.values():
        if isinstance(one.logic, dmn.Table):
            asked = {column.expression.text for column in one.logic.inputs}
            if asked == set(inputs):
                return one.name
    return None
