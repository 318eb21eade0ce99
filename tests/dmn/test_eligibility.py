"""D3, the eligibility of a bid: every row by itself, its limits, and the lists they make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from workflows import dmn

PATH = Path(__file__).resolve().parents[2] / "bpmn" / "bid" / "eligibility.dmn"
MODEL = dmn.load(PATH.read_bytes(), file=PATH.name)

ELIGIBLE: dict[str, object] = {
    "leader_on_duty": True,
    "leader_banned": False,
    "leader_running_projects": 1,
    "member_running_projects": 2,
    "team_size": 5,
    "unit_count": 2,
    "level": "A",
    "pledge_worse_on_hard": False,
    "leader_judged_challenge": False,
    "unit_safety_veto": False,
    "safety_critical": True,
    "unconfirmed_members": 0,
}


def findings(**changes: object) -> list[tuple[str, str]]:
    value: Any = MODEL.evaluate("eligibility", ELIGIBLE | changes).value
    return [(found["code"], found["severity"]) for found in value]


def test_an_eligible_bid_has_no_findings() -> None:
    assert MODEL.evaluate("eligibility", ELIGIBLE).value == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"leader_on_duty": False}, ("E01", "refuse")),
        ({"leader_banned": True}, ("E02", "refuse")),
        ({"leader_running_projects": 2}, ("E03", "refuse")),
        ({"member_running_projects": 3}, ("E04", "refuse")),
        ({"team_size": 4}, ("E05", "refuse")),
        ({"team_size": 16}, ("E05", "refuse")),
        ({"unit_count": 1}, ("E06", "refuse")),
        ({"pledge_worse_on_hard": True}, ("E07", "refuse")),
        ({"leader_judged_challenge": True}, ("E08", "refuse")),
        ({"unit_safety_veto": True}, ("E09", "warn")),
        ({"unconfirmed_members": 1}, ("E10", "refuse")),
    ],
)
def test_each_failed_condition_gives_its_code(changes: dict[str, object], expected: tuple[str, str]) -> None:
    assert findings(**changes) == [expected]


@pytest.mark.parametrize(
    "changes",
    [
        {"team_size": 15},
        {"level": "B", "unit_count": 1},
        {"level": "C", "unit_count": 1},
        {"unit_safety_veto": True, "safety_critical": False},
        {"leader_running_projects": 0, "member_running_projects": 0},
    ],
)
def test_a_bid_within_the_limits_stays_eligible(changes: dict[str, object]) -> None:
    assert findings(**changes) == []


def test_all_failed_conditions_are_listed_in_the_order_of_their_codes() -> None:
    worst = findings(
        leader_on_duty=False, leader_banned=True, leader_running_projects=9, member_running_projects=9,
        team_size=1, unit_count=1, pledge_worse_on_hard=True, leader_judged_challenge=True,
        unit_safety_veto=True, unconfirmed_members=4,
    )  # fmt: skip
    assert worst == [(f"E{number:02}", "warn" if number == 9 else "refuse") for number in range(1, 11)]


def test_a_finding_says_in_chinese_what_to_do() -> None:
    assert MODEL.evaluate("eligibility", ELIGIBLE | {"team_size": 3}).value == [
        {"code": "E05", "severity": "refuse", "message": "团队人数须为5至15人。请增减成员。"}
    ]


@pytest.mark.parametrize("name", sorted(ELIGIBLE))
def test_no_condition_is_decided_without_its_input(name: str) -> None:
    without = {key: value for key, value in ELIGIBLE.items() if key != name}
    with pytest.raises(dmn.DecisionError, match=f"the input '{name}' is not given"):
        MODEL.evaluate("eligibility", without)
    with pytest.raises(dmn.DecisionError, match=f"the input '{name}': null is not one of the allowed values"):
        MODEL.evaluate("eligibility", ELIGIBLE | {name: None})


def test_the_table_asks_for_exactly_these_inputs() -> None:
    assert set(MODEL.inputs("eligibility")) == set(ELIGIBLE)
