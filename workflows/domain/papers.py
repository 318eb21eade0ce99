"""What a panel reads: the bids without names under letters until the defence, then as they are."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy.orm import Session

from workflows.domain import panels
from workflows.models import Bid, DefenceSlot, Panel, PledgedValue

HIDDEN = "××"
TEXTS = ("tech_route", "innovation", "risks", "resources_needed")


@dataclass(frozen=True)
class Node:
    """节点 as a paper tells it."""

    name: str
    offset_days: int
    deliverable: str
    pay_pct: Decimal


@dataclass(frozen=True)
class Cost:
    """预算科目 as a paper tells it."""

    item: str
    amount_fen: int


@dataclass(frozen=True)
class Paper:
    """One bid as a member of the panel reads it; ``bid`` is None while it is read without names."""

    label: str
    bid: Bid | None
    texts: dict[str, str]
    milestones: Sequence[Node]
    budget_lines: Sequence[Cost]
    pledges: Sequence[PledgedValue]


@dataclass(frozen=True)
class Teams:
    """Whose bids a panel will judge: what its members need to know to declare a conflict."""

    panel: Panel
    bids: Sequence[Bid]

    def of_row(self, key: str) -> Bid | None:
        """The bid that a row of a form names by its id."""
        return next((one for one in self.bids if str(one.id) == key), None)


@dataclass(frozen=True)
class Papers:
    """Everything that a panel reads at one step."""

    panel: Panel
    papers: Sequence[Paper]

    @property
    def is_blind(self) -> bool:
        """Whether it is read without names."""
        return any(one.bid is None for one in self.papers)

    def of_row(self, key: str) -> Paper | None:
        """What a row of a form names by its letter, or by the id of its bid once names are told."""
        named = ((str(one.bid.id) if one.bid else one.label, one) for one in self.papers)
        return next((one for known, one in named if known == key), None)


def label(session: Session, panel: Panel) -> None:
    """Give each bid a letter by chance, which tells neither its team nor when it was handed in; once."""
    if panel.slots:
        return
    bids = list(panels.parties_of(session, panel).bids)
    secrets.SystemRandom().shuffle(bids)
    for place, bid in enumerate(bids):
        panel.slots.append(DefenceSlot(bid_id=bid.id, label=letters(place)))
    session.flush()


def letters(place: int) -> str:
    """A, B … Z, AA, AB … for 0, 1 …"""
    left, last = divmod(place, 26)
    return (letters(left - 1) if left else "") + chr(ord("A") + last)


def teams(session: Session, panel: Panel) -> Teams:
    """The bids by team, in an order that says nothing of their letters."""
    return Teams(panel, panels.parties_of(session, panel).bids)


def anonymous(session: Session, panel: Panel) -> Papers:
    """The bids by letter: no ids, and the names of people and units in the texts made unreadable."""
    slots = sorted(panel.slots, key=lambda one: (len(one.label), one.label))
    names = _names([one.bid for one in slots])
    return Papers(panel, [_paper(slot, hidden=names) for slot in slots])


def named(session: Session, panel: Panel) -> Papers:
    """The bids in the order of their defence."""
    slots = sorted(panel.slots, key=lambda one: (one.order_no or 0, one.label))
    return Papers(panel, [_paper(slot, hidden=()) for slot in slots])


def _paper(slot: DefenceSlot, *, hidden: Sequence[str]) -> Paper:
    """``hidden`` are the names to make unreadable; without any the paper tells whose bid it is."""
    bid = slot.bid
    return Paper(
        slot.label,
        None if hidden else bid,
        {name: _mask(str(getattr(bid, name) or ""), hidden) for name in TEXTS},
        [
            Node(_mask(one.name, hidden), one.offset_days, _mask(one.deliverable, hidden), one.pay_pct)
            for one in bid.milestones
        ],
        [Cost(_mask(one.item, hidden), one.amount_fen) for one in bid.budget_lines],
        bid.pledges,
    )


def _names(bids: Iterable[Bid]) -> list[str]:
    """The names of all teams and their units, the longest first."""
    people = [member.user for bid in bids for member in bid.members]
    names = {one.name for one in people} | {one.unit.name for one in people}
    return sorted((one for one in names if len(one) > 1), key=len, reverse=True)


def _mask(text: str, names: Sequence[str]) -> str:
    for name in names:
        text = text.replace(name, HIDDEN)
    return text
