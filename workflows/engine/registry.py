"""Where steps register themselves, so that the engine calls them without importing them."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from marshmallow import Schema
from sqlalchemy.orm import Session

from workflows import dmn
from workflows.engine.tables import WorkItem

Variables = dict[str, Any]


@dataclass(frozen=True)
class Act:
    """What a handler of a human step is given."""

    session: Session
    actor: Any  # the User who acts: the engine knows only ``actor.id``
    data: Mapping[str, Any]  # the process variables
    values: Mapping[str, Any]  # the form, validated
    item: WorkItem


@dataclass(frozen=True)
class Vote:
    """What a handler of a step in a round returns; ``agree`` None where the step asks no yes or no."""

    agree: bool | None = None


@dataclass(frozen=True)
class Criterion:
    """What one score of a form may be, 0..``most``, and how much it counts beside the others."""

    weight: Decimal
    most: int = 100


HumanHandler = Callable[[Act], "Variables | Vote | None"]
ServiceHandler = Callable[[Session, Mapping[str, Any]], "Variables | None"]
About = Callable[[Session, Mapping[str, Any]], Any]
FormOf = Callable[[Session, Mapping[str, Any], WorkItem], type[Schema]]
Criteria = Callable[[Session, Mapping[str, Any]], Mapping[str, Criterion]]


@dataclass(frozen=True)
class HumanStep:
    """A human step: its title, its form, the object it is about, and what completing it does."""

    name: str
    title: str
    form: type[Schema]
    about: About
    handler: HumanHandler
    prefill: Callable[[Session, Mapping[str, Any], Any], dict[str, Any]] | None = None
    form_of: FormOf | None = None
    confidential: bool = False  # who did it, and what they said, is not for the others in the process
    criteria: Criteria | None = None  # of a form that scores: field -> what it may be
    agree_with: Mapping[str, Any] | None = (
        None  # what says yes in its form, where several may be agreed to at once
    )

    def form_for(self, session: Session, data: Mapping[str, Any], item: WorkItem) -> type[Schema]:
        """The form of one work item: ``form``, unless the step chooses by what the item is."""
        return self.form if self.form_of is None else self.form_of(session, data, item)


@dataclass(frozen=True)
class Sent:
    """A message that a person's act sends: to the processes that hold ``payload[key]`` under ``key``."""

    message: str
    key: str
    payload: Variables
    subject_path: str  # where the person looks next
    told: str = ""  # what was done, for the person; without it only that it was handed in


@dataclass(frozen=True)
class Sender:
    """An act from outside the inbox: form in, message out."""

    name: str
    title: str
    form: type[Schema]
    handler: Callable[[Session, Any, Mapping[str, Any]], Sent]
    is_anonymous: bool = False  # nothing may be kept of who begins it


@dataclass(frozen=True)
class Start:
    """How a process is started by a person: form in, Started out."""

    process: str
    title: str
    form: type[Schema]
    handler: Callable[[Session, Any, Mapping[str, Any]], "Started"]


@dataclass(frozen=True)
class Started:
    """The first facts of a new process: what it is about, where that is shown, and its first variables."""

    subject: str
    subject_path: str
    data: Variables
    is_anonymous: bool = False  # the history does not name who started it


EVERY_FORM = {"opinion", "attachments"}  # text, and ids of files

HUMAN: dict[str, HumanStep] = {}
SERVICE: dict[str, ServiceHandler] = {}
ROUND_END: dict[str, ServiceHandler] = {}
STARTS: dict[str, Start] = {}
SENDERS: dict[str, Sender] = {}
ON_MESSAGE_START: dict[str, Callable[[Session, Mapping[str, Any]], Started]] = {}


@dataclass
class Hooks:
    """What the campaign provides beside steps; set once when workflows.steps is imported."""

    deadline_after: Callable[[Session, int], dt.datetime] | None = None  # working days -> instant
    # Step -> reminders of it: (working days from due, action).
    reminders: Callable[[Session, str], list[tuple[int, str]]] | None = None
    remind_at: Callable[[Session, dt.datetime, int], dt.datetime] | None = None
    remind: Callable[[Session, WorkItem, str], None] | None = None
    arrived: Callable[[Session, Sequence[int]], None] | None = None  # ids of work items that were just opened
    urge_every: Callable[[Session], dt.timedelta] | None = None  # how long nobody urges again
    # Step and variables -> working days from arrival, for user tasks of which the diagram gives no due date.
    due_workdays: Callable[[Session, str, Mapping[str, Any]], int | None] | None = None
    # Decision and variables -> the table in force; None: the one drawn with the process.
    table: Callable[[Session, str, Mapping[str, Any]], dmn.Model | None] | None = None


HOOKS = Hooks()


def human_step(
    name: str,
    *,
    title: str,
    form: type[Schema],
    about: About,
    prefill: Callable[[Session, Mapping[str, Any], Any], dict[str, Any]] | None = None,
    form_of: FormOf | None = None,
    confidential: bool = False,
    criteria: Criteria | None = None,
    agree_with: Mapping[str, Any] | None = None,
) -> Callable[[HumanHandler], HumanHandler]:
    """Register the handler of user tasks whose ``step`` property is ``name``.

    ``prefill(session, data, actor)`` gives the values that the form starts with, ``form_of(session, data,
    item)`` another form than ``form`` for some items. What is ``confidential`` is told to those who
    read all, and to who did it. ``criteria(session, data)`` makes the form a score sheet. With ``agree_with``, the
    values that say yes, people may agree to several such tasks at once. Raises ValueError for a form without a place
    for what every act may carry (EVERY_FORM).
    """
    missing = EVERY_FORM - form._declared_fields.keys()
    if missing:
        raise ValueError(f"the form of {name} has no field {', '.join(sorted(missing))}")

    def register(handler: HumanHandler) -> HumanHandler:
        _claim(HUMAN, name)
        step = HumanStep(
            name, title, form, about, handler, prefill, form_of, confidential, criteria, agree_with
        )
        HUMAN[name] = step
        return handler

    return register


def service_step(name: str) -> Callable[[ServiceHandler], ServiceHandler]:
    """Register the function of service tasks whose ``serviceTaskOperator`` id is ``name``.

    It gets the session and the process variables, and returns the variables to set.
    """

    def register(handler: ServiceHandler) -> ServiceHandler:
        _claim(SERVICE, name)
        SERVICE[name] = handler
        return handler

    return register


def round_end(name: str) -> Callable[[ServiceHandler], ServiceHandler]:
    """Register what is worked out once the round of human step ``name`` is decided, before the token moves.

    Its variables hold ``round_result`` ("agreed" or "rejected") beside those of the process.
    """

    def register(handler: ServiceHandler) -> ServiceHandler:
        _claim(ROUND_END, name)
        ROUND_END[name] = handler
        return handler

    return register


def start(process: str, *, title: str, form: type[Schema]) -> Callable[..., Any]:
    """Register how a person starts ``process``."""

    def register(handler: Callable[[Session, Any, Mapping[str, Any]], Started]) -> Any:
        _claim(STARTS, process)
        STARTS[process] = Start(process, title, form, handler)
        return handler

    return register


def sender(name: str, *, title: str, form: type[Schema], is_anonymous: bool = False) -> Callable[..., Any]:
    """Register an act of people that sends a message: an objection, an amendment, an appeal.

    Of one that ``is_anonymous`` no draft is kept, which would tell who began it.
    """

    def register(handler: Callable[[Session, Any, Mapping[str, Any]], Sent]) -> Any:
        _claim(SENDERS, name)
        SENDERS[name] = Sender(name, title, form, handler, is_anonymous)
        return handler

    return register


def message_start(process: str) -> Callable[..., Any]:
    """Register what a process begins with when a message starts it: (session, payload) -> Started."""

    def register(handler: Callable[[Session, Mapping[str, Any]], Started]) -> Any:
        _claim(ON_MESSAGE_START, process)
        ON_MESSAGE_START[process] = handler
        return handler

    return register


def _claim(register: Mapping[str, object], name: str) -> None:
    if name in register:
        raise ValueError(f"{name} is registered twice")
