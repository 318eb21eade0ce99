"""What a table answers when rules apply: the hit policies of DMN, none of which guesses."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from decimal import Decimal

from workflows import feel

Values = Sequence[dict[str, object]]


class HitPolicy(enum.StrEnum):
    """How many rules may apply, and what becomes of their outputs."""

    UNIQUE = "UNIQUE"
    ANY = "ANY"
    PRIORITY = "PRIORITY"
    FIRST = "FIRST"
    RULE_ORDER = "RULE ORDER"
    OUTPUT_ORDER = "OUTPUT ORDER"
    COLLECT = "COLLECT"

    @property
    def is_single(self) -> bool:
        return self in (HitPolicy.UNIQUE, HitPolicy.ANY, HitPolicy.PRIORITY, HitPolicy.FIRST)

    @property
    def is_ordered_by_output(self) -> bool:
        return self in (HitPolicy.PRIORITY, HitPolicy.OUTPUT_ORDER)


class Clash(Exception):
    """The rules that apply may not apply together."""


def _sum(numbers: list[Decimal], budget: feel.Budget) -> object:
    return feel.BUILTINS["sum"].call(budget, [list[object](numbers)])


# COUNT needs no numbers: the table does it.
AGGREGATIONS: dict[str, Callable[[list[Decimal], feel.Budget], object]] = {
    "SUM": _sum,
    "MIN": lambda numbers, budget: min(numbers),
    "MAX": lambda numbers, budget: max(numbers),
}


def chosen(
    policy: HitPolicy, hits: Values, priorities: dict[str, tuple[object, ...]], budget: feel.Budget
) -> list[dict[str, object]]:
    """The outputs that count, in order; one for the single policies. ``hits`` is not empty. Raises Clash."""
    if policy is HitPolicy.UNIQUE and len(hits) > 1:
        raise Clash("more than one rule applies, and the hit policy is UNIQUE")
    if policy is HitPolicy.ANY and not all(feel.same(dict(hits[0]), dict(hit), budget) for hit in hits):
        raise Clash("the rules that apply disagree, and the hit policy is ANY")
    ordered = list(hits)
    if policy.is_ordered_by_output:
        ordered.sort(key=lambda hit: [values.index(hit[name]) for name, values in priorities.items()])
    return ordered[:1] if policy.is_single else ordered
