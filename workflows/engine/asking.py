"""Whom a user task asks, on what terms and by when: what its properties say, over the variables of the process."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from sqlalchemy.orm import Session

from workflows import clock
from workflows.engine.errors import StepFailed
from workflows.engine.expressions import evaluate
from workflows.engine.registry import HOOKS
from workflows.engine.specs import POLICIES, SOLO, STAGE, Human


@dataclass(frozen=True)
class Signer:
    """One that is asked: the audience of its work item, the role it stands for, an exact decimal weight."""

    audience: str
    role: str
    weight: str = "1"


@dataclass(frozen=True)
class Terms:
    """Who is asked, and how that decides: SOLO, or one of POLICIES with its parameters."""

    policy: str
    signers: tuple[Signer, ...]
    ratio: str | None = None  # exact decimal 0..1
    veto: bool = False
    due_workdays: int | None = None  # where the stage says so


def terms_of(task: Any) -> Terms:
    """Whom the user task asks. Raises StepFailed when nobody is asked, or the terms make no round."""
    human: Human = task.task_spec.human
    terms = _stage(task) if human.policy == STAGE else _drawn(task)
    if not terms.signers:
        raise StepFailed(task.task_spec.bpmn_id, "there is nobody to ask")
    return terms


def is_passed_over(task: Any) -> bool:
    """Whether this is a round that may be empty, and is."""
    human: Human = task.task_spec.human
    return human.policy != SOLO and human.may_be_empty and not _audiences(task)


def due_at(session: Session, task: Any, terms: Terms) -> dt.datetime | None:
    """By when: what the stage says, then what the diagram says, then what the campaign says of the step."""
    human: Human = task.task_spec.human
    place = task.task_spec.bpmn_id
    workdays = terms.due_workdays
    if workdays is None and human.due_workdays is not None:
        workdays = as_id(evaluate(human.due_workdays, task.data, place=place), place)
    if workdays is None and human.due is not None:
        value = _due(task)
        return clock.now() + value if isinstance(value, dt.timedelta) else value
    if workdays is None and HOOKS.due_workdays is not None:
        workdays = HOOKS.due_workdays(session, human.step, MappingProxyType(dict(task.data)))
    if workdays is None:
        return None
    if HOOKS.deadline_after is None:
        raise StepFailed(place, "no work calendar is known")
    return HOOKS.deadline_after(session, workdays)


@dataclass(frozen=True)
class Told:
    """What the variables say of user tasks, by serial: by when, and which people do those that one person does."""

    dues: Mapping[int, dt.datetime]
    people: Mapping[int, tuple[Signer, ...]]

    @classmethod
    def of(cls, tasks: Mapping[int, Any]) -> "Told":
        """What is told of ``tasks`` now; a duration, a role or a round over people is not told."""
        return cls(_told_dues(tasks), _told_people(tasks))

    def moved(self, before: "Told") -> "Told":
        """What is told otherwise than ``before``, of what was told then."""
        dues = {one: at for one, at in self.dues.items() if before.dues.get(one, at) != at}
        return Told(
            dues, {one: who for one, who in self.people.items() if before.people.get(one, who) != who}
        )


def _told_dues(tasks: Mapping[int, Any]) -> dict[int, dt.datetime]:
    dues = {}
    for token, task in tasks.items():
        human: Human = task.task_spec.human
        if human.due is None or (human.policy == STAGE and terms_of(task).due_workdays is not None):
            continue
        value = _due(task)
        if isinstance(value, dt.datetime):
            dues[token] = value
    return dues


def _told_people(tasks: Mapping[int, Any]) -> dict[int, tuple[Signer, ...]]:
    humans = {token: task.task_spec.human for token, task in tasks.items()}
    solo = [token for token, human in humans.items() if human.policy == SOLO and human.assignees is not None]
    return {token: terms_of(tasks[token]).signers for token in solo}


def as_id(value: Any, place: str) -> int:
    """``value`` as the id or count it has to be. Raises StepFailed."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value != int(value):
        raise StepFailed(place, f"{value!r} is not an id")
    return int(value)


def _drawn(task: Any) -> Terms:
    """The terms that stand in the diagram."""
    human: Human = task.task_spec.human
    place = task.task_spec.bpmn_id
    asked = _audiences(task)
    ratio = None if human.ratio is None else str(evaluate(human.ratio, task.data, place=place))
    weights = ["1"] * len(asked)
    if human.weights is not None and asked:
        weights = [str(one) for one in evaluate(human.weights, task.data, place=place)]
    if len(weights) != len(asked):
        raise StepFailed(place, f"{len(asked)} signers, but {len(weights)} weights")
    signers = tuple(Signer(*one, weight) for one, weight in zip(asked, weights, strict=True))
    return Terms(human.policy, signers, ratio, human.veto)


def _audiences(task: Any) -> list[tuple[str, str]]:
    """Whom the diagram asks, each with the role that is asked: people by id, a post, or a role in a unit."""
    human: Human = task.task_spec.human
    place = task.task_spec.bpmn_id

    def number(text: str) -> int:
        return as_id(evaluate(text, task.data, place=place), place)

    if human.assignees is not None:
        value = evaluate(human.assignees, task.data, place=place)
        people = value if isinstance(value, list) else [value]
        return [(f"user:{as_id(one, place)}", human.lane) for one in dict.fromkeys(people)]
    if human.post is not None:
        return [(f"post:{number(human.post)}", human.lane)]
    suffix = f"@{number(human.unit)}" if human.unit is not None else ""
    return [(f"role:{role}{suffix}", role) for role in human.lanes or (human.lane,)]


def _stage(task: Any) -> Terms:
    """The terms that the variable of a stage tells: {policy, signers, ratio?, veto?, due_workdays?}."""
    human: Human = task.task_spec.human
    place = task.task_spec.bpmn_id
    told = evaluate(human.stage or "", task.data, place=place)
    if not isinstance(told, dict) or not isinstance(told.get("signers"), list):
        raise StepFailed(place, "a stage is a context with a policy and a list of signers")
    policy, ratio, veto = told.get("policy"), told.get("ratio"), told.get("veto")
    if policy not in POLICIES:
        raise StepFailed(place, f"{policy!r} is no policy of a round")
    if policy in ("ratio", "weighted") and not _is_share(ratio):
        raise StepFailed(place, f"a round by {policy} needs a ratio above 0 and up to 1, not {ratio}")
    if not isinstance(veto, bool | None):
        raise StepFailed(place, f"{veto!r} is not a veto")
    signers = tuple(dict.fromkeys(_signer(one, place) for one in told["signers"]))
    if policy == "dual" and signers and len({one.role for one in signers}) != 2:
        raise StepFailed(place, "a dual round has two roles")
    workdays = told.get("due_workdays")
    return Terms(
        policy,
        signers,
        str(ratio) if policy in ("ratio", "weighted") else None,
        bool(veto),
        None if workdays is None else as_id(workdays, place),
    )


def _signer(told: Any, place: str) -> Signer:
    """One signer of a stage: {role, unit?, user?, post?, weight?}."""
    role = told.get("role") if isinstance(told, dict) else None
    if not isinstance(role, str) or not role:
        raise StepFailed(place, "a signer is a context with a role")
    weight = told.get("weight")
    if weight is not None and (not _is_number(weight) or weight <= 0):
        raise StepFailed(place, f"{weight} is not a weight")
    audience = f"role:{role}"
    if told.get("user") is not None:
        audience = f"user:{as_id(told['user'], place)}"
    elif told.get("post") is not None:
        audience = f"post:{as_id(told['post'], place)}"
    elif told.get("unit") is not None:
        audience = f"role:{role}@{as_id(told['unit'], place)}"
    return Signer(audience, role, "1" if weight is None else str(weight))


def _due(task: Any) -> dt.datetime | dt.timedelta:
    """The value of the property ``due``."""
    place = task.task_spec.bpmn_id
    value = evaluate(task.task_spec.human.due, task.data, place=place)
    if isinstance(value, dt.timedelta) or (isinstance(value, dt.datetime) and value.tzinfo is not None):
        return value
    raise StepFailed(place, f"a due date is an instant with a zone or a duration, not {value!r}")


def _is_share(value: Any) -> bool:
    return _is_number(value) and 0 < value <= 1


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)
