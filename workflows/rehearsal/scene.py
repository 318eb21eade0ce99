"""What an answer may ask: the scenario, the plant, the door, and which object of the service is which of the file."""

import datetime as dt
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from workflows import clock
from workflows.rehearsal.door import Door, Item, Values
from workflows.rehearsal.records import Records
from workflows.rehearsal.scenario import Appraisal, Bid, Challenge, Milestone, Scenario
from workflows.rehearsal.world import World


class Stuck(Exception):
    """The rehearsal cannot go on, which is a fault of the service; the text says where."""


SEVERAL = "listed"  # the audience of a task that several named people may do


@dataclass(frozen=True)
class Later:
    """Not before ``instant``; None: not before something else has happened."""

    instant: dt.datetime | None = None


@dataclass(frozen=True)
class Never:
    """Nobody answers this task; with ``stops`` its process ends there."""

    stops: bool = False


Answer = Values | Later | Never


@dataclass
class Scene:
    """``challenges``, ``problems`` (of which they come) and ``bids`` are codes of the file by id in the service."""

    scenario: Scenario
    world: World
    door: Door
    records: Records
    challenges: dict[int, str] = field(default_factory=dict)
    problems: dict[int, str] = field(default_factory=dict)
    bids: dict[int, str] = field(default_factory=dict)
    appraisals: dict[int, str] = field(default_factory=dict)  # code of the unit, by id in the service
    splits: set[int] = field(default_factory=set)  # processes in which a split has been proposed
    events: set[tuple[str, dt.date, int | str | None]] = field(default_factory=set)  # vetoes entered
    vetoes_count: Callable[[], bool] = lambda: True  # whether all of the file are in force
    open_items: list[Item] = field(default_factory=list)  # as last seen
    _seats: dict[int, dict[int, int]] = field(default_factory=dict)  # process -> person -> seat
    _nodes: dict[int, list[int]] = field(default_factory=dict)  # process -> items of its assessments
    _indicators: dict[str, list[tuple[int, str, int]]] = field(default_factory=dict)  # of each challenge
    _behind: dict[str, str] = field(default_factory=dict)  # path of a subject -> code of its bid
    _papers: Any = field(default_factory=lambda: itertools.count(1))

    def person(self, item: Item) -> int:
        """Who does ``item``: the person named, or the holder of the role."""
        if item.audience == SEVERAL:
            return NAMED[item.step](self, item)
        kind, _, name = item.audience.partition(":")
        if kind == "user":
            return int(name)
        if item.audience not in self.world.holders:
            raise Stuck(f"{item.step}: nobody holds {item.audience}")
        return self.world.holders[item.audience]

    def knows(self, step: str) -> bool:
        """Whether anybody has an answer to the tasks of ``step``."""
        return step in ANSWERS

    def answer(self, item: Item) -> Answer:
        """What whoever does ``item`` says."""
        return ANSWERS[item.step](self, item)

    def challenge_id(self, code: str) -> int | None:
        """The id of a challenge of the file, None before it is drafted."""
        if code not in self.challenges.values():
            self._learn_challenges()
        return next((one for one, known in self.challenges.items() if known == code), None)

    def bid_id(self, code: str) -> int | None:
        """The id of a bid of the file, None before it is begun."""
        return next((one for one, known in self.bids.items() if known == code), None)

    def challenge_of(self, item: Item) -> Challenge:
        """The challenge that ``item`` is about, directly or by its bid or project."""
        kind, number = subject(item)
        if kind == "challenges":
            if number not in self.challenges:
                self._learn_challenges()
            return self.scenario.challenges[self.challenges[number]]
        return self.scenario.challenges[self.bid_of(item).challenge]

    def _learn_challenges(self) -> None:
        """Which challenge has come of which problem."""
        for problem_id, challenge_id in self.records.challenges_of_problems().items():
            if problem_id in self.problems:
                self.challenges[challenge_id] = self.problems[problem_id]

    def bid_of(self, item: Item) -> Bid:
        """The bid that ``item`` is about, directly or by its project."""
        if item.subject_path not in self._behind:
            kind, number = subject(item)
            bid_id = number if kind == "bids" else self.records.bid_behind(kind, number)
            self._behind[item.subject_path] = self.bids[bid_id]
        return self.scenario.bids[self._behind[item.subject_path]]

    def appraisal_of(self, item: Item) -> Appraisal:
        """The appraisal that ``item`` is about."""
        return self.scenario.appraisals[self.appraisals[subject(item)[1]]]

    def has_unjudged(self, closes_on: dt.date) -> bool:
        """Whether a bid on a challenge whose bidding was to close on that day is not judged yet."""
        codes = {one.code for one in self.scenario.challenges.values() if one.closes_on == closes_on}
        ids = [one for one, code in self.bids.items() if self.scenario.bids[code].challenge in codes]
        return self.records.has_unjudged(ids)

    def seat(self, item: Item) -> int:
        """Which seat of its panel (from 0) whoever does ``item`` has: in the order in which they were asked."""
        if item.process_id not in self._seats:
            asked = [
                one for one in self.open_items if (one.process_id, one.step) == (item.process_id, item.step)
            ]
            self._seats[item.process_id] = {self.person(one): seat for seat, one in enumerate(asked)}
        return self._seats[item.process_id][self.person(item)]

    def next_node(self, item: Item) -> Milestone:
        """The node whose assessment ``item`` is; there is one for each, in order."""
        seen = self._nodes.setdefault(item.process_id, [])
        if item.id not in seen:
            seen.append(item.id)
        return self.bid_of(item).milestones[seen.index(item.id)]

    def measured(self, item: Item, *, by_unit: int | None = None) -> dict[int, Decimal]:
        """What is measured in the end, by id of the indicator: all, or those that a unit verifies."""
        values = self.bid_of(item).acceptance.measured
        code = self.challenge_of(item).code
        if code not in self._indicators:
            self._indicators[code] = self.records.indicators(self.challenge_id(code))
        return {
            number: values[name]
            for number, name, unit_id in self._indicators[code]
            if by_unit in (None, unit_id)
        }

    def prefilled(self, item: Item) -> dict[str, Any]:
        return self.door.prefilled(item.id, by=self.person(item))

    def paper(self, item: Item, name: str) -> int:
        """A file handed in by whoever does ``item``; its id."""
        content = f"{name} {next(self._papers)}\n".encode()
        return self.door.upload(f"{name}.txt", content, by=self.person(item))


def subject(item: Item) -> tuple[str, int]:
    """Kind and id of what the process of ``item`` is about: ("bids", 12)."""
    _, kind, number = item.subject_path.split("/")[:3]
    return kind, int(number)


def not_before(day: dt.date) -> Later | None:
    """Later, unless ``day`` has begun at the plant."""
    return None if clock.today() >= day else Later(clock.start_of(day))


Who = Callable[[Scene, Item], int]
Giver = Callable[[Scene, Item], Answer]

ANSWERS: dict[str, Giver] = {}
NAMED: dict[str, Who] = {}  # of steps that ask one of several named people: whom


def answer(*steps: str, by: Who | None = None) -> Callable[[Giver], Giver]:
    """Register what people answer to the tasks of ``steps``; ``by`` says who of those that are named.

    Raises ValueError for a step that has an answer already.
    """

    def register(function: Giver) -> Giver:
        for step in steps:
            if step in ANSWERS:
                raise ValueError(f"{step} has two answers")
            ANSWERS[step] = function
            if by is not None:
                NAMED[step] = by
        return function

    return register
