"""Rounds: several people on one user task, and the policies that say when they have decided.

A vote is True, False, or None for a step that asks no yes or no, which counts as True.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

AGREED, REJECTED = "agreed", "rejected"


@dataclass(frozen=True)
class Ballot:
    """One signer's part in a round."""

    is_done: bool
    agree: bool | None
    weight: Decimal = Decimal(1)
    side: str = ""  # the lane: Party or administration, for ``dual``

    @property
    def is_for(self) -> bool:
        return self.is_done and self.agree is not False

    @property
    def is_against(self) -> bool:
        return self.is_done and self.agree is False


def decide(policy: str, ballots: Sequence[Ballot], *, ratio: Decimal | None, veto: bool) -> str | None:
    """AGREED, REJECTED, or None while the round is open. A round without anybody left is rejected.

    ``all``: everybody has voted, and nobody against. ``any``: one is for; rejected when all are against.
    ``ratio``: at least ``ratio`` (0..1) of the heads are for; rejected once that cannot be reached.
    ``weighted``: the same by weight. ``sequential``: each in turn is for; the first against ends it.
    ``dual``: on each side one is for; rejected when a whole side is against. With ``veto`` one against ends any.
    """
    if not ballots:
        return REJECTED
    if veto and any(ballot.is_against for ballot in ballots):
        return REJECTED
    return _POLICIES[policy](ballots, ratio)


def _all(ballots: Sequence[Ballot], _ratio: Decimal | None) -> str | None:
    if not all(ballot.is_done for ballot in ballots):
        return None
    return REJECTED if any(ballot.is_against for ballot in ballots) else AGREED


def _any(ballots: Sequence[Ballot], _ratio: Decimal | None) -> str | None:
    if any(ballot.is_for for ballot in ballots):
        return AGREED
    return REJECTED if all(ballot.is_against for ballot in ballots) else None


def _sequential(ballots: Sequence[Ballot], _ratio: Decimal | None) -> str | None:
    if any(ballot.is_against for ballot in ballots):
        return REJECTED
    return AGREED if all(ballot.is_for for ballot in ballots) else None


def _by_share(
    weight: Callable[[Ballot], Decimal],
) -> Callable[[Sequence[Ballot], Decimal | None], str | None]:
    def share(ballots: Sequence[Ballot], ratio: Decimal | None) -> str | None:
        if ratio is None:
            raise ValueError("a round by share needs its ratio")
        needed = ratio * sum(map(weight, ballots), Decimal(0))
        in_favour = sum((weight(ballot) for ballot in ballots if ballot.is_for), Decimal(0))
        still_open = sum((weight(ballot) for ballot in ballots if not ballot.is_done), Decimal(0))
        if in_favour >= needed:
            return AGREED
        return REJECTED if in_favour + still_open < needed else None

    return share


def _dual(ballots: Sequence[Ballot], _ratio: Decimal | None) -> str | None:
    sides = [[one for one in ballots if one.side == side] for side in {ballot.side for ballot in ballots}]
    if any(all(ballot.is_against for ballot in side) for side in sides):
        return REJECTED
    return AGREED if all(any(ballot.is_for for ballot in side) for side in sides) else None


_POLICIES: dict[str, Callable[[Sequence[Ballot], Decimal | None], str | None]] = {
    "all": _all,
    "any": _any,
    "sequential": _sequential,
    "ratio": _by_share(lambda ballot: Decimal(1)),
    "weighted": _by_share(lambda ballot: ballot.weight),
    "dual": _dual,
}
