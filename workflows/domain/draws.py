"""Drawing experts by lot: from the seed alone everybody can make the same draw again."""

import hashlib
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Candidate:
    """Somebody who may sit: ``strata`` are the fields that the draw spreads the specialists over."""

    user_id: int
    is_specialist: bool
    is_external: bool
    strata: tuple[str, ...] = ()


@dataclass(frozen=True)
class Quota:
    """The seats of the panel, and how many of them at least are specialists, and from outside the sponsor."""

    size: int
    specialists: int
    externals: int


def new_seed() -> str:
    """128 bits from the machine's source of randomness, as hex."""
    return secrets.token_hex(16)


def in_order(seed: str, ids: Sequence[int]) -> list[int]:
    """``ids`` in the order of lot: by SHA-256 of "seed:id"."""
    return sorted(ids, key=lambda one: hashlib.sha256(f"{seed}:{one}".encode()).digest())


def draw(seed: str, pool: Sequence[Candidate], *, seated: Sequence[Candidate], quota: Quota) -> list[int]:
    """Who of ``pool`` joins those ``seated``, in the order drawn; fewer than are free when the pool is too small.

    First whoever is needed from outside the sponsor, then specialists, field by field, then anybody: each time
    the first by lot. Where that leaves a seat free, whoever counts for more of the quota goes before the lot.
    Who is in the pool decides, not in which order.
    """
    by_id = {one.user_id: one for one in pool}
    by_lot = [by_id[one] for one in in_order(seed, list(by_id))]
    panel = _fill(by_lot, seated, quota)
    if len(panel) < quota.size:
        panel = _fill(sorted(by_lot, key=lambda one: -one.is_specialist - one.is_external), seated, quota)
    return [one.user_id for one in panel[len(seated) :]]


def _fill(waiting: Sequence[Candidate], seated: Sequence[Candidate], quota: Quota) -> list[Candidate]:
    panel, left = list(seated), list(waiting)
    for wanted, counts in (
        (quota.externals, lambda one: one.is_external),
        (quota.specialists, lambda one: one.is_specialist),
        (quota.size, lambda _: True),
    ):
        while sum(map(counts, panel)) < wanted and len(panel) < quota.size:
            next_one = _next([one for one in left if counts(one)], panel, quota)
            if next_one is None:
                break
            panel.append(next_one)
            left.remove(next_one)
    return panel


def _next(waiting: Sequence[Candidate], panel: Sequence[Candidate], quota: Quota) -> Candidate | None:
    """The first who may still sit, of the field with the fewest seats so far."""
    lay = sum(not one.is_specialist for one in panel)
    inside = sum(not one.is_external for one in panel)
    fitting = [
        one
        for one in waiting
        if (one.is_specialist or lay < quota.size - quota.specialists)
        and (one.is_external or inside < quota.size - quota.externals)
    ]
    seats = Counter(field for one in panel for field in one.strata)
    return min(fitting, key=lambda one: min((seats[field] for field in one.strata), default=0), default=None)
