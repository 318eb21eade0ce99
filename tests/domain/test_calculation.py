"""The arithmetic of rewards against the scenario's figures, and what must hold for any figures."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain import figures
from tests.domain.figures import ask
from workflows.domain import calculation, portions
from workflows.domain.calculation import FEN_PER_WAN, Facts, Veto
from workflows.domain.portions import Part
from workflows.errors import Conflict

EXPECTED = {one["bid"]: one for one in figures.read("scenario.expected.json")["projects"]}
BEATEN = figures.beaten(list(EXPECTED))

FACTS = Facts(
    level="B",
    fixed_fen=5 * FEN_PER_WAN,
    benefit_cap_fen=20 * FEN_PER_WAN,
    cap_fen=30 * FEN_PER_WAN,
    score=Decimal(85),
    hard_ok=True,
    met_ratio=Decimal(1),
    is_rectified=False,
    net_benefit_fen=100 * FEN_PER_WAN,
    flat_fen=None,
    applied_on=dt.date(2027, 10, 31),
    deadline=dt.date(2027, 10, 31),
    started_on=dt.date(2027, 1, 4),
    p=Decimal(85),
    b=Decimal(85),
)

PERCENT = st.decimals(0, 100, places=2, allow_nan=False)
MANY_FACTS = st.builds(
    replace,
    st.just(FACTS),
    score=st.decimals(0, 100, places=2),
    hard_ok=st.booleans(),
    met_ratio=st.sampled_from([Decimal(1), Decimal("0.5")]),
    is_rectified=st.booleans(),
    net_benefit_fen=st.integers(-(10**10), 10**10),
    applied_on=st.dates(dt.date(2027, 1, 5), dt.date(2029, 1, 1)),
    p=PERCENT,
    b=PERCENT,
    prepaid_fen=st.sampled_from([0, 500_000, 1_000_000]),
    vetoes=st.lists(st.sampled_from([Veto("V06"), Veto("V09"), Veto("V01")]), max_size=2).map(tuple),
)


def _shown(code: str) -> dict[str, Any]:
    """The project of bid ``code`` as a result file shows it."""
    facts = figures.facts(code, is_beaten=code in BEATEN)
    sheet = calculation.measure(ask, facts)
    realised = figures.BIDS[code].get("realised_wan")
    realised_fen = None if realised is None else int(realised * FEN_PER_WAN)
    parts = figures.parts(code)
    problems = [problem["code"] for problem in portions.problems(ask, parts)]
    given = portions.shares(sheet.total_fen, [one.pct for one in parts])
    people = [one["person"] for one in figures.BIDS[code]["members"]]
    return {
        "bid": code,
        "verdict": sheet.verdict,
        "factors": (sheet.kc, sheet.kt, sheet.kdual, sheet.v),
        "rates": (f"{facts.p:.2f}", f"{facts.b:.2f}"),
        "total_yuan": sheet.total_fen // 100,
        "instalments": [
            {"kind": one.kind, "yuan": one.fen // 100}
            for one in calculation.instalments(ask, facts, sheet, realised_fen=realised_fen)
        ],
        "split_problems": problems,
        "shares": [{"person": person, "yuan": fen // 100} for person, fen in zip(people, given, strict=True)]
        if sheet.total_fen and not problems
        else [],
    }


@pytest.mark.parametrize("code", sorted(EXPECTED))
def test_every_project_of_the_scenario_comes_out_as_expected(code: str) -> None:
    wanted = EXPECTED[code]
    same = ("bid", "verdict", "total_yuan", "instalments", "split_problems", "shares")
    assert _shown(code) == {
        **{name: wanted[name] for name in same},
        "factors": tuple(Decimal(wanted[name]) for name in ("Kc", "Kt", "Kdual", "V")),
        "rates": (wanted["P"], wanted["B"]),
    }


def test_every_line_names_the_table_and_the_row_that_gave_it() -> None:
    sheet = calculation.measure(ask, FACTS)
    assert [(one.factor, one.value, one.file, one.version, one.rows) for one in sheet.lines] == [
        ("fixed", "5", None, None, ()),
        ("benefit", "7", "reward_base.dmn", 1, ("reward_base_to_50", "reward_base_to_200")),
        ("Kc", "1", "acceptance_verdict.dmn", 1, ("acceptance_verdict_good",)),
        ("Kt", "1", "timeliness.dmn", 1, ("timeliness_in_time",)),
        ("Kdual", "1", "dual_link.dmn", 1, ("dual_link_grid_80_80",)),
        ("V", "1", "veto.dmn", 1, ()),
        ("total", "120000", None, None, ()),
    ]
    assert sheet.lines[1].text == "核定年净效益 100 万元，累进计奖 7 万元"
    assert sheet.lines[3].inputs == {"late_days / planned_days": "0"}


def test_a_project_that_ended_before_its_acceptance_has_no_total() -> None:
    sheet = calculation.measure(ask, replace(FACTS, score=None, applied_on=None, net_benefit_fen=None))
    assert (sheet.verdict, sheet.kc, sheet.kt, sheet.total_fen) == ("不通过", Decimal(0), None, 0)
    assert [one.factor for one in sheet.lines] == ["fixed", "benefit", "Kc", "Kdual", "V", "total"]


def test_a_plan_shorter_than_a_day_is_told() -> None:
    with pytest.raises(Conflict, match=r"^完成期限不晚于启动日，无法计算时效系数"):
        calculation.measure(ask, replace(FACTS, started_on=FACTS.deadline))


@pytest.mark.parametrize(
    ("days", "kt"), [(-30, "1.05"), (-29, "1"), (0, "1"), (30, "0.9"), (31, "0.7"), (90, "0.7"), (91, "0.5")]
)
def test_timeliness_counts_calendar_days_against_the_plan(days: int, kt: str) -> None:
    started = FACTS.deadline - dt.timedelta(days=300)
    facts = replace(FACTS, started_on=started, applied_on=FACTS.deadline + dt.timedelta(days=days))
    assert calculation.measure(ask, facts).kt == Decimal(kt)


@pytest.mark.parametrize(
    ("level", "changes", "expected"),
    [
        ("B", {}, [("milestones", 10_000), ("acceptance", 74_000), ("post_evaluation", 36_000)]),
        ("B", {"is_beaten": True}, [("milestones", 10_000), ("acceptance", 0), ("post_evaluation", 0)]),
        (
            "B",
            {"score": Decimal(50)},
            [("milestones", 10_000), ("clawback", -10_000), ("post_evaluation", 0)],
        ),
        (
            "B",
            {"score": Decimal(50), "is_exempt": True},
            [("milestones", 10_000), ("acceptance", 0), ("post_evaluation", 0)],
        ),
        (
            "B",
            {"vetoes": (Veto("V01"),)},
            [("milestones", 10_000), ("clawback", -10_000), ("post_evaluation", 0)],
        ),
        ("C", {}, [("acceptance", 120_000)]),
        ("C", {"score": Decimal(50)}, [("acceptance", 0)]),
    ],
)
def test_instalments(level: str, changes: dict[str, Any], expected: list[tuple[str, int]]) -> None:
    prepaid = 1_000_000 if level == "B" else 0
    facts = replace(FACTS, level=level, prepaid_fen=prepaid, **changes)
    planned = calculation.instalments(ask, facts, calculation.measure(ask, facts))
    assert [(one.kind, one.fen // 100) for one in planned] == expected


@pytest.mark.parametrize(
    ("realised", "verified", "yuan"),
    [(None, 100, 36_000), (50, 100, 18_000), (200, 100, 36_000), (-5, 100, 0), (5, 0, 15_000)],
)
def test_the_last_instalment_is_cut_by_what_was_realised(
    realised: int | None, verified: int, yuan: int
) -> None:
    facts = replace(FACTS, net_benefit_fen=verified * FEN_PER_WAN)
    realised_fen = None if realised is None else realised * FEN_PER_WAN
    planned = calculation.instalments(ask, facts, calculation.measure(ask, facts), realised_fen=realised_fen)
    assert planned[-1].fen == yuan * 100


def test_the_pool_of_the_year_limits_the_total() -> None:
    sheet = calculation.measure(ask, replace(FACTS, pool_fen=7_000_099))
    assert (sheet.total_fen, sheet.lines[-1].text) == (
        7_000_000,
        "（固定奖 + 创效奖）× Kc × Kt × Kdual × V，年度激励总额还剩 7.000099 万元 = 70000 元",
    )


def test_a_major_leak_of_secrets_leaves_nothing() -> None:
    values = [
        calculation.measure(ask, replace(FACTS, vetoes=(Veto("V07", is_major=major),))).v
        for major in (False, True)
    ]
    assert values == [Decimal("0.5"), Decimal(0)]


@given(MANY_FACTS)
def test_a_total_is_whole_yuan_within_the_cap_and_the_same_again(facts: Facts) -> None:
    sheet = calculation.measure(ask, facts)
    assert 0 <= sheet.total_fen <= facts.cap_fen
    assert sheet.total_fen % 100 == 0
    assert sheet == calculation.measure(ask, facts)


@given(MANY_FACTS, st.integers(0, 10**10))
def test_more_benefit_never_pays_less(facts: Facts, more: int) -> None:
    better = replace(facts, net_benefit_fen=(facts.net_benefit_fen or 0) + more)
    assert calculation.measure(ask, better).total_fen >= calculation.measure(ask, facts).total_fen


@given(MANY_FACTS, st.sampled_from([f"V{number:02}" for number in range(1, 11)]))
def test_a_veto_never_pays_more(facts: Facts, clause: str) -> None:
    vetoed = replace(facts, vetoes=(*facts.vetoes, Veto(clause)))
    assert calculation.measure(ask, vetoed).total_fen <= calculation.measure(ask, facts).total_fen


@given(MANY_FACTS, st.decimals(0, 100, places=2), st.integers(0, 400), PERCENT, PERCENT)
def test_a_better_score_an_earlier_day_and_better_rates_never_pay_less(
    facts: Facts, score: Decimal, days: int, p: Decimal, b: Decimal
) -> None:
    assert facts.score is not None
    assert facts.applied_on is not None
    earlier = max(facts.applied_on - dt.timedelta(days=days), dt.date(2027, 1, 5))
    total_fen = calculation.measure(ask, facts).total_fen
    for better in (
        {"score": max(facts.score, score)},
        {"applied_on": earlier},
        {"p": max(facts.p, p), "b": max(facts.b, b)},
    ):
        assert calculation.measure(ask, replace(facts, **better)).total_fen >= total_fen


@given(MANY_FACTS)
def test_the_lines_multiply_to_the_total_and_each_names_its_rows_and_inputs(facts: Facts) -> None:
    sheet = calculation.measure(ask, facts)
    lines = {one.factor: one for one in sheet.lines}
    factors = ("fixed", "benefit", "Kc", "Kt", "Kdual", "V")
    assert list(lines) == [*factors, "total"]
    told = {name: Fraction(lines[name].value) for name in factors}
    exact = (told["fixed"] + told["benefit"]) * told["Kc"] * told["Kt"] * told["Kdual"] * told["V"]
    yuan = calculation.half_up(min(exact * 10_000, Fraction(facts.cap_fen, 100)))
    assert (sheet.total_fen, lines["total"].value) == (yuan * 100, str(yuan))
    for name in ("benefit", "Kc", "Kt", "Kdual", "V"):
        line = lines[name]
        assert (line.version, bool(line.inputs)) == (1, True), name
        no_row = (name == "benefit" and told[name] == 0) or (name == "V" and not facts.vetoes)
        assert bool(line.rows) != no_row, name


@given(MANY_FACTS)
def test_the_instalments_of_an_accepted_project_make_its_total(facts: Facts) -> None:
    sheet = calculation.measure(ask, facts)
    planned = calculation.instalments(ask, facts, sheet, realised_fen=max(facts.net_benefit_fen or 0, 0))
    assert sum(one.fen for one in planned) == sheet.total_fen


@given(st.integers(0, 10**7), st.lists(st.decimals(0, 100, places=2).filter(bool), min_size=1, max_size=15))
def test_shares_make_the_total_and_none_is_a_yuan_off(yuan: int, pcts: list[Decimal]) -> None:
    given_out = portions.shares(yuan * 100, pcts)
    whole = sum(map(Fraction, pcts))
    assert sum(given_out) == yuan * 100
    assert all(
        abs(Fraction(fen, 100) - yuan * Fraction(pct) / whole) < 1
        for fen, pct in zip(given_out, pcts, strict=True)
    )


def test_equal_remainders_go_to_who_stands_first() -> None:
    assert portions.shares(1000, [Decimal(1)] * 3) == [400, 300, 300]
    assert portions.shares(1000, [Decimal(0)] * 2) == [0, 0]


def _team(*pcts: str, support: str = "0", is_manager: bool = False) -> list[Part]:
    """The leader's part, the core's, the members'."""
    leader, core, *members = map(Decimal, pcts)
    rows = [Part("leader", leader, is_manager), Part("core", core), Part("support", Decimal(support))]
    return [one for one in rows if one.pct or one.role != "support"] + [
        Part("member", one) for one in members
    ]


@pytest.mark.parametrize(
    ("parts", "codes"),
    [
        (_team("35", "25", "40"), []),
        (_team("15", "45", "40"), []),
        (_team("35.01", "25", "39.99"), ["S01"]),
        (_team("14.99", "46", "39.01"), ["S01"]),
        (_team("30", "29.99", "40.01"), ["S02"]),
        (_team("30", "40", "29.01", "0.99"), ["S03"]),
        (_team("30", "40", "30.01"), []),
        (_team("30", "40", "30.02"), ["S04"]),
        (_team("30", "40", "20", support="10"), []),
        (_team("30", "40", "19.99", support="10.01"), ["S05"]),
        (_team("21", "50", "29", is_manager=True), ["S06"]),
        (_team("0.5", "50", "20", support="20"), ["S01", "S02", "S03", "S04", "S05"]),
    ],
)
def test_the_requirements_of_a_split(parts: list[Part], codes: list[str]) -> None:
    found = portions.problems(ask, parts)
    assert [one["code"] for one in found] == codes
    assert [one["row"] for one in found] == [f"split_check_{one}" for one in codes]
