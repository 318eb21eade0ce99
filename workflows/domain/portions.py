"""The arithmetic of a split: what table D13 says of it, and everybody's share in whole 元. Nothing here touches a row."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from workflows.domain.calculation import FEN_PER_YUAN, Ask


@dataclass(frozen=True)
class Part:
    """One member's part of a split; ``is_manager``: above section level, by what HR keeps of the person."""

    role: str
    pct: Decimal
    is_manager: bool = False


def problems(ask: Ask, parts: Sequence[Part]) -> list[dict[str, Any]]:
    """D13: {code, message, file, version, row} of each requirement that the split does not meet, in the table's order:
    what is wrong, and the row of the table that says so.
    """

    def share(keep: Callable[[Part], bool]) -> Decimal:
        return sum((one.pct for one in parts if keep(one)), Decimal(0))

    inputs = {
        "leader_pct": share(lambda one: one.role == "leader"),
        "core_pct": share(lambda one: one.role in ("leader", "core")),
        "smallest_pct": min(one.pct for one in parts),
        "sum_pct": share(lambda one: True),
        "support_pct": share(lambda one: one.role == "support"),
        "manager_pct": share(lambda one: one.is_manager),
    }
    decided = ask("split_check", inputs)
    step: Any = decided.trace[-1]
    table = {"file": decided.file, "version": decided.version}
    return [
        {"code": told["code"], "message": told["message"], **table, "row": str(rule["id"])}
        for told, rule in zip(decided.value, step["rules"], strict=True)
    ]


def shares(amount_fen: int, pcts: Sequence[Decimal]) -> list[int]:
    """``amount_fen`` (whole 元, not negative) by ``pcts`` in whole 元 by the largest remainder, ties in their order.

    Sums to ``amount_fen``; all zero where the percentages are.
    """
    whole = sum((Fraction(one) for one in pcts), Fraction(0))
    if not whole:
        return [0] * len(pcts)
    yuan = amount_fen // FEN_PER_YUAN
    exact = [yuan * Fraction(one) / whole for one in pcts]
    given = [int(one) for one in exact]
    order = sorted(range(len(pcts)), key=lambda place: (given[place] - exact[place], place))
    for place in order[: yuan - sum(given)]:
        given[place] += 1
    return [one * FEN_PER_YUAN for one in given]
