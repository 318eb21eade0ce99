"""What a scenario says, checked: the file of a rehearsal as records. Read by ``scenario_reading.load``."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

CATEGORIES = ("发展之困", "生产所需", "市场所急")
THEMES = ("融合年", "融合提升年", "融合拓展年", "融合巩固年", "融合分享年")
SIDES = {"P": ("A1", "A2", "A3", "A4", "A5", "A6"), "B": ("B1", "B2", "B3", "B4", "B5", "B6", "B7")}
CRITERIA = ("tech", "pledge", "team", "schedule", "money", "safety")
CLAUSES = tuple(f"V{number:02}" for number in range(1, 11))
TEAM_ROLES = ("leader", "core", "member", "support", "mentor")
MODES = ("single", "multi", "race")
OPERATORS = ("≥", "≤", "=")


@dataclass(frozen=True)
class Year:
    year: int
    theme: str
    pool_fen: int


@dataclass(frozen=True)
class Unit:
    code: str
    name: str
    party_secretary: str
    admin_head: str


@dataclass(frozen=True)
class Person:
    code: str
    name: str
    unit: str
    on_duty: bool
    banned_until: dt.date | None


@dataclass(frozen=True)
class Appraisal:
    """``scores`` by category (A1…A6, B1…B7), 0..100."""

    unit: str
    period: str
    scores: Mapping[str, Decimal]


@dataclass(frozen=True)
class Indicator:
    name: str
    measure: str
    baseline: Decimal
    target: Decimal
    op: str
    verifier: str
    weight: Decimal
    hard: bool


@dataclass(frozen=True)
class Vote:
    should: int
    present: int
    in_favour: int


@dataclass(frozen=True)
class Challenge:
    """``path`` is where it stands in the file; ``level`` and ``seats`` follow from the tables.

    ``starts_on`` and ``closes_on``, of its bidding, are those of the whole scenario.
    """

    path: str
    code: str
    starts_on: dt.date
    closes_on: dt.date
    category: str
    title: str
    background: str
    fields: tuple[str, ...]
    indicators: tuple[Indicator, ...]
    deadline: dt.date
    budget_fen: int
    est_benefit_fen: int | None
    cross_units: int
    safety_critical: bool
    strategic: bool
    sponsor: str
    mode: str
    max_winners: int
    vote: Vote
    level: str
    seats: int


@dataclass(frozen=True)
class Member:
    """``pct`` is the share of the reward, 0..100; ``confirms`` False for one who never answers."""

    person: str
    role: str
    workload_pct: int
    pct: Decimal
    confirms: bool


@dataclass(frozen=True)
class Milestone:
    name: str
    pay_pct: Decimal
    score: Decimal


@dataclass(frozen=True)
class Acceptance:
    applied_on: dt.date
    score: Decimal
    measured: Mapping[str, Decimal]  # by name of the indicator
    net_benefit_fen: int | None
    rectified: bool


@dataclass(frozen=True)
class Bid:
    path: str
    code: str
    challenge: str
    leader: str
    unit: str
    members: tuple[Member, ...]
    sealed_at: dt.datetime
    withdrawn: bool
    pledges: Mapping[str, Decimal]  # by name of the indicator
    milestones: tuple[Milestone, ...]
    scores: tuple[Mapping[str, Decimal], ...]  # of each seat, by criterion
    started_on: dt.date
    acceptance: Acceptance
    realised_fen: int | None


@dataclass(frozen=True)
class Veto:
    """On a bid or on a unit, never both."""

    path: str
    clause: str
    bid: str | None
    unit: str | None
    confirmed_on: dt.date


@dataclass(frozen=True)
class Scenario:
    """Everything by its code, in the order of the file."""

    year: Year
    starts_on: dt.date
    bidding_closes_on: dt.date
    units: Mapping[str, Unit]
    people: Mapping[str, Person]
    experts: Mapping[str, tuple[str, ...]]  # the fields of each person who is an expert
    appraisals: Mapping[str, Appraisal]  # by unit
    challenges: Mapping[str, Challenge]
    bids: Mapping[str, Bid]
    vetoes: tuple[Veto, ...]

    def bids_on(self, challenge: str) -> list[Bid]:
        """The bids on a challenge, in the order of the file."""
        return [bid for bid in self.bids.values() if bid.challenge == challenge]
