"""Every mistake in a file is told with its path, and only the first one."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.rehearsal import files
from tests.rehearsal.files import REMOVED
from workflows.rehearsal import reading, scenario_reading
from workflows.rehearsal.reading import ScenarioError
from workflows.rehearsal.scenario import Scenario

# Path, what is put there, and what is told of it. bids[0] is on a challenge of level A that is no race;
# bids[9] is in a race without measurable benefit.
MISTAKES: list[tuple[str, Any, str]] = [
    ("year", REMOVED, "year: missing"),
    ("year.year", "2027", "year.year: must be a number"),
    ("year.year", 2027.5, "year.year: must be a whole number"),
    ("year.theme", "团结年", "year.theme: unknown value"),
    ("year.pool_wan", -1, "year.pool_wan: must be from 0 to 100000000"),
    ("year.pool_wan", 0.0000001, "year.pool_wan: has more than 6 decimals"),
    ("starts_on", "2027-02-30", "starts_on: 2027-02-30 is not a date"),
    ("starts_on", "04.01.2027", "starts_on: must be a date like 2027-01-04"),
    ("bidding_closes_on", "2027-01-03", "bidding_closes_on: before starts_on (2027-01-04)"),
    ("units", {}, "units: must be a list"),
    ("units[1].code", "U01", "units[1].code: U01 stands twice"),
    ("units[1].name", "采气一区", "units[1].name: 采气一区 stands twice"),
    ("units[0].admin_head", "P999", "units[0].admin_head: unknown person P999"),
    ("units[0].admin_head", "P001", "units[0].admin_head: the same person as party_secretary"),
    ("people[2]", 7, "people[2]: must be an object"),
    ("people[2].unit", "U99", "people[2].unit: unknown unit U99"),
    ("people[2].name", "  ", "people[2].name: must not be empty"),
    ("people[2].name", "施" * 61, "people[2].name: longer than 60 characters"),
    ("people[2].on_duty", 1, "people[2].on_duty: must be true or false"),
    ("people[2].banned_until", "soon", "people[2].banned_until: must be a date like 2027-01-04"),
    ("experts[0].person", "P999", "experts[0].person: unknown person P999"),
    ("appraisals[0].unit", "U99", "appraisals[0].unit: unknown unit U99"),
    ("appraisals[1].unit", "U01", "appraisals[1].unit: U01 has an appraisal already"),
    ("appraisals[0].scores.A6", REMOVED, "appraisals[0].scores.A6: missing"),
    ("appraisals[0].scores.B7", 101, "appraisals[0].scores.B7: must be from 0 to 100"),
    ("challenges[1].code", "TRQ-2027-F01", "challenges[1].code: TRQ-2027-F01 stands twice"),
    ("challenges[0].category", "其他", "challenges[0].category: unknown value"),
    ("challenges[0].mode", "duel", "challenges[0].mode: unknown value"),
    ("challenges[0].max_winners", 2, "challenges[0].max_winners: only a challenge of mode multi has it"),
    ("challenges[5].max_winners", REMOVED, "challenges[5].max_winners: missing"),
    ("challenges[0].sponsor", "U99", "challenges[0].sponsor: unknown unit U99"),
    ("challenges[0].deadline", "2027-03-12", "challenges[0].deadline: not after bidding_closes_on"),
    ("challenges[0].budget_wan", True, "challenges[0].budget_wan: must be a number"),
    ("challenges[0].est_net_benefit_wan", REMOVED, "challenges[0].est_net_benefit_wan: missing"),
    ("challenges[0].indicators", [], "challenges[0].indicators: must be 1 to 20 indicators"),
    (
        "challenges[0].indicators[1].name",
        "年累计增气量",
        "challenges[0].indicators[1].name: 年累计增气量 stands twice",
    ),
    ("challenges[0].indicators[0].op", ">", "challenges[0].indicators[0].op: unknown value"),
    ("challenges[0].indicators[0].weight", 0, "challenges[0].indicators[0].weight: must be above 0"),
    ("challenges[0].vote.present", 0, "challenges[0].vote.present: must be from 1 to 10000"),
    ("challenges[0].vote.present", 10, "challenges[0].vote.present: more than should (9)"),
    ("challenges[0].vote.for", 9, "challenges[0].vote.for: more than present (8)"),
    ("bids[1].code", "B001", "bids[1].code: B001 stands twice"),
    ("bids[0].challenge", "TRQ-2027-X01", "bids[0].challenge: unknown challenge TRQ-2027-X01"),
    ("bids[0].leader", "P999", "bids[0].leader: unknown person P999"),
    ("bids[0].leader", "P171", "bids[0].members[0].role: the leader of this bid is P171, and nobody else"),
    ("bids[0].unit", "U99", "bids[0].unit: unknown unit U99"),
    ("bids[3].members[0].person", "P999", "bids[3].members[0].person: unknown person P999"),
    ("bids[0].members[2].person", "P171", "bids[0].members[2].person: P171 stands twice"),
    ("bids[0].members[1].role", "boss", "bids[0].members[1].role: unknown value"),
    ("bids[0].members[1].role", "leader", "bids[0].members[1].role: the leader of this bid is P169"),
    ("bids[0].members[0]", REMOVED, "bids[0].members: the leader P169 is missing"),
    ("bids[0].members[0].confirmed", False, "bids[0].members[0].confirmed: the leader confirms by bidding"),
    ("bids[0].members[1].workload_pct", 120, "bids[0].members[1].workload_pct: must be from 0 to 100"),
    ("bids[0].members[1].pct", "10", "bids[0].members[1].pct: must be a number"),
    ("bids[1].leader", "P169", "bids[1].members[0].role: the leader of this bid is P169"),
    ("bids[0].sealed_at", "2027-03-01 08:01", "bids[0].sealed_at: must be an instant in UTC"),
    ("bids[0].sealed_at", "2027-01-03T15:59:00Z", "bids[0].sealed_at: before starts_on (2027-01-04)"),
    ("bids[0].sealed_at", "2027-03-12T16:00:00Z", "bids[0].sealed_at: after the end of bidding_closes_on"),
    ("bids[0].withdrawn", "no", "bids[0].withdrawn: must be true or false"),
    ("bids[0].pledges.措施有效率", REMOVED, "bids[0].pledges.措施有效率: missing"),
    ("bids[0].pledges.产量", 1, "bids[0].pledges.产量: not an indicator of TRQ-2027-F01"),
    ("bids[0].milestones[0].pay_pct", 40, "bids[0].milestones: pay_pct adds up to 110, not to 100"),
    ("bids[0].milestones[0].score", 59, "bids[0].milestones[0].score: must be from 60 to 100"),
    ("bids[9].milestones[0].score", 74, "bids[9].milestones[0].score: must be from 75 to 100"),
    ("bids[0].scores[8]", REMOVED, "bids[0].scores: must be 9, one for each seat of a panel of level A"),
    ("bids[0].scores[4].tech", 100.5, "bids[0].scores[4].tech: must be from 0 to 100"),
    ("bids[0].scores[4].money", REMOVED, "bids[0].scores[4].money: missing"),
    ("bids[0].started_on", "2027-03-12", "bids[0].started_on: not after bidding_closes_on"),
    ("bids[0].started_on", "2027-11-30", "bids[0].started_on: not before the deadline of TRQ-2027-F01"),
    ("bids[0].acceptance", None, "bids[0].acceptance: must be an object"),
    ("bids[0].acceptance.applied_on", "2027-04-18", "bids[0].acceptance.applied_on: before started_on"),
    ("bids[0].acceptance.score", 65.00001, "bids[0].acceptance.score: has more than 4 decimals"),
    ("bids[0].acceptance.net_benefit_wan", None, "bids[0].acceptance.net_benefit_wan: null only where"),
    (
        "bids[0].acceptance.measured.措施有效率",
        "75",
        "bids[0].acceptance.measured.措施有效率: must be a number",
    ),
    ("bids[0].realised_wan", [], "bids[0].realised_wan: must be a number"),
    ("vetoes[0].clause", "V11", "vetoes[0].clause: unknown value 'V11'"),
    ("vetoes[0].bid", "B001", "vetoes[0]: must name either a bid or a unit"),
    ("vetoes[0].unit", REMOVED, "vetoes[0]: must name either a bid or a unit"),
    ("vetoes[1].bid", "B999", "vetoes[1].bid: unknown bid B999"),
    ("vetoes[1].confirmed_on", REMOVED, "vetoes[1].confirmed_on: missing"),
]


def read(document: files.Document) -> Scenario:
    return scenario_reading.read(reading.parse(json.dumps(document)))


@pytest.mark.parametrize(("path", "value", "told"), MISTAKES, ids=[told for _, _, told in MISTAKES])
def test_a_mistake_is_told_with_its_path(path: str, value: Any, told: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        read(files.change(files.shipped(), path, value))
    assert str(caught.value).startswith(told)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("bids[3].members[0].person", "P001\n\nP002"),
        ("challenges[0].mode", "\u202eecar"),
        ("bids[0].pledges", {"a\nb": 1}),
        ("bids[0].pledges", {"\ud800": 1}),
    ],
)
def test_a_mistake_is_told_on_one_line_that_every_terminal_shows(path: str, value: Any) -> None:
    with pytest.raises(ScenarioError) as caught:
        read(files.change(files.shipped(), path, value))
    told = str(caught.value)
    assert told.startswith(path)
    assert told.isprintable()
    assert told.encode()


def test_only_the_first_of_several_mistakes_is_told() -> None:
    document = files.change(files.shipped(), "vetoes[0].clause", "V11")
    with pytest.raises(ScenarioError, match=r"^units\[0\]\.name: missing$"):
        read(files.change(document, "units[0].name", REMOVED))


def test_a_leader_has_one_bid_at_a_time_on_a_challenge() -> None:
    document = files.shipped()
    again = {**document["bids"][0], "code": "B099", "sealed_at": "2027-03-02T08:00:00Z"}
    document["bids"].append(again)
    with pytest.raises(
        ScenarioError, match=r"^bids\[28\]\.leader: P169 leads bids\[0\] on the same challenge"
    ):
        read(document)
    document["bids"][0]["withdrawn"] = True
    assert read(document).bids["B099"].leader == "P169"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "scenario: not JSON: "),
        ("[]", "scenario: a scenario is a JSON object"),
        ('{"year": {"year": 2027, "year": 2028}}', "year.year: stands twice in one object"),
        ('{"year": {"pool_wan": NaN}}', "year.pool_wan: is not a number"),
        ('{"starts_on": [Infinity]}', "starts_on[0]: is not a number"),
        ("[" * 100_000, "scenario: nested too deeply"),
    ],
)
def test_what_is_no_json_object_is_told(text: str, told: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        reading.parse(text)
    assert str(caught.value).startswith(told)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    file = tmp_path / "scenario.json"
    with pytest.raises(ScenarioError, match=r"scenario\.json: No such file or directory$"):
        scenario_reading.load(file)
    file.write_bytes(b'{"year": "\xff"}')
    with pytest.raises(ScenarioError, match=r"scenario\.json: not UTF-8 \(byte 10\)$"):
        scenario_reading.load(file)


def test_numbers_are_read_exactly_and_unknown_keys_left_alone() -> None:
    document = files.change(files.shipped(), "bids[0].acceptance.net_benefit_wan", 0.1)
    read_back = read(files.change(document, "bids[0].remark", {"any": "thing"}))
    bid = read_back.bids["B001"]
    assert (bid.acceptance.net_benefit_fen, bid.pledges["老井综合递减率"]) == (100_000, Decimal("13.78"))


def test_levels_and_seats_follow_from_the_tables() -> None:
    found = {one.level: one.seats for one in read(files.shipped()).challenges.values()}
    assert found == {"A": 9, "B": 7, "C": 5}
