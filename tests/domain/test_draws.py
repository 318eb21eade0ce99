"""Drawing experts by lot."""

from itertools import combinations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from workflows.domain import draws
from workflows.domain.draws import Candidate, Quota

FIELDS = ("冻堵", "集输", "计量")
candidates = st.builds(
    Candidate,
    st.integers(1, 40),
    st.booleans(),
    st.booleans(),
    st.lists(st.sampled_from(FIELDS), max_size=2, unique=True).map(tuple),
)
pools = st.lists(candidates, max_size=9, unique_by=lambda one: one.user_id)
quotas = st.tuples(st.integers(1, 5), st.integers(0, 5), st.integers(0, 5)).map(
    lambda asked: Quota(asked[0], min(asked[0], asked[1]), min(asked[0], asked[2]))
)
seeds = st.integers(0, 2**128 - 1).map(lambda number: f"{number:032x}")


def fits(panel: list[Candidate], quota: Quota) -> bool:
    """Whether a whole panel is as the quota asks."""
    return (
        len(panel) == quota.size
        and sum(one.is_specialist for one in panel) >= quota.specialists
        and sum(one.is_external for one in panel) >= quota.externals
    )


@given(seeds, pools, quotas)
def test_a_full_panel_is_as_the_quota_asks(seed: str, pool: list[Candidate], quota: Quota) -> None:
    drawn = draws.draw(seed, pool, seated=[], quota=quota)
    panel = [one for one in pool if one.user_id in drawn]
    assert len(set(drawn)) == len(drawn) <= quota.size
    possible = any(fits(list(some), quota) for some in combinations(pool, quota.size))
    assert (len(drawn) == quota.size) is possible
    assert not possible or fits(panel, quota)


@given(seeds, pools, quotas, st.randoms(use_true_random=False))
def test_the_same_seed_draws_the_same_whatever_the_order(
    seed: str, pool: list[Candidate], quota: Quota, random: Any
) -> None:
    mixed = list(pool)
    random.shuffle(mixed)
    drawn = draws.draw(seed, pool, seated=[], quota=quota)
    assert draws.draw(seed, mixed, seated=[], quota=quota) == drawn


@given(seeds, pools, quotas, st.integers(0, 3))
def test_a_free_seat_is_filled_beside_those_who_stay(
    seed: str, pool: list[Candidate], quota: Quota, freed: int
) -> None:
    first = draws.draw(seed, pool, seated=[], quota=quota)
    kept = [one for one in pool if one.user_id in first[freed:]]
    rest = [one for one in pool if one.user_id not in first]
    drawn = draws.draw(seed[::-1], rest, seated=kept, quota=quota)
    assert set(drawn) <= {one.user_id for one in rest}
    assert len(kept) + len(drawn) <= quota.size


def test_specialists_are_spread_over_the_fields() -> None:
    pool = [Candidate(n, True, True, ("冻堵",)) for n in range(1, 20)]
    pool += [Candidate(20, True, True, ("集输",)), Candidate(21, True, True, ("计量",))]
    for number in range(20):
        drawn = draws.draw(f"{number:032x}", pool, seated=[], quota=Quota(5, 4, 0))
        assert {20, 21} < set(drawn)


def test_seeds_differ_and_draw_differently() -> None:
    pool = [Candidate(n, True, True) for n in range(1, 31)]
    drawn = {tuple(draws.draw(draws.new_seed(), pool, seated=[], quota=Quota(5, 0, 0))) for _ in range(20)}
    assert len(drawn) == 20
