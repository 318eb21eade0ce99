"""The bids of a scenario."""

import datetime as dt
from collections.abc import Container, Mapping
from dataclasses import dataclass
from decimal import Decimal

from workflows import clock
from workflows.rehearsal.reading import LARGEST, MOST_WAN, Place
from workflows.rehearsal.scenario import CRITERIA, TEAM_ROLES, Acceptance, Bid, Challenge, Member, Milestone

MOST_MEMBERS = 50
MOST_MILESTONES = 20
LEAST_NODE_SCORE = 60
LEAST_NODE_SCORE_IN_A_RACE = 75


@dataclass(frozen=True)
class Known:
    """What a bid may name."""

    challenges: Mapping[str, Challenge]
    units: Container[str]
    people: Container[str]


def bid(place: Place, known: Known) -> Bid:
    """One bid. Raises ScenarioError."""
    challenge = known.challenges[place.at("challenge").known("challenge", known.challenges)]
    leader = place.at("leader").known("person", known.people)
    started_on = _started_on(place.at("started_on"), challenge)
    withdrawn, realised = place.filled("withdrawn"), place.filled("realised_wan")
    return Bid(
        path=place.path,
        code=place.at("code").text(),
        challenge=challenge.code,
        leader=leader,
        unit=place.at("unit").known("unit", known.units),
        members=_members(place.at("members"), leader, known.people),
        sealed_at=_sealed_at(place.at("sealed_at"), challenge),
        withdrawn=withdrawn is not None and withdrawn.yes(),
        pledges=_values(place.at("pledges"), challenge),
        milestones=_milestones(place.at("milestones"), challenge),
        scores=_scores(place.at("scores"), challenge),
        started_on=started_on,
        acceptance=_acceptance(place.at("acceptance"), challenge, started_on),
        realised_fen=None if realised is None else realised.fen(-MOST_WAN),
    )


def refuse_second_bids(place: Place, bids: Mapping[str, Bid]) -> None:
    """Raises ScenarioError when a leader's earlier bid on a challenge is not withdrawn before the next is sealed."""
    rows = {one.path: row for row, one in zip(place.items(), bids.values(), strict=True)}
    latest: dict[tuple[str, str], Bid] = {}
    for one in sorted(bids.values(), key=lambda bid: bid.sealed_at):
        earlier = latest.get((one.challenge, one.leader))
        if earlier is not None and (not earlier.withdrawn or earlier.sealed_at == one.sealed_at):
            rows[one.path].at("leader").fail(f"{one.leader} leads {earlier.path} on the same challenge")
        latest[one.challenge, one.leader] = one


def _started_on(place: Place, challenge: Challenge) -> dt.date:
    day = place.day()
    if day <= challenge.closes_on:
        place.fail(f"not after bidding_closes_on ({challenge.closes_on})")
    if day >= challenge.deadline:
        place.fail(f"not before the deadline of {challenge.code} ({challenge.deadline})")
    return day


def _sealed_at(place: Place, challenge: Challenge) -> dt.datetime:
    instant = place.instant()
    if instant < clock.start_of(challenge.starts_on):
        place.fail(f"before starts_on ({challenge.starts_on})")
    if instant >= clock.end_of(challenge.closes_on):
        place.fail(f"after the end of bidding_closes_on ({challenge.closes_on}, plant time)")
    return instant


def _members(place: Place, leader: str, people: Container[str]) -> tuple[Member, ...]:
    found: dict[str, Member] = {}
    for row in place.items():
        person = row.at("person").known("person", people)
        if person in found:
            row.at("person").fail(f"{person} stands twice")
        role = row.at("role").one_of(TEAM_ROLES)
        if (role == "leader") != (person == leader):
            row.at("role").fail(f"the leader of this bid is {leader}, and nobody else")
        found[person] = _member(row, person, role)
    if leader not in found:
        place.fail(f"the leader {leader} is missing")
    if len(found) > MOST_MEMBERS:
        place.fail(f"more than {MOST_MEMBERS} members")
    return tuple(found.values())


def _member(place: Place, person: str, role: str) -> Member:
    workload = place.at("workload_pct").whole(0, 100)
    pct = place.at("pct").number(0, 100)
    confirmed = place.filled("confirmed")
    confirms = confirmed is None or confirmed.yes()
    if confirmed is not None and role == "leader" and not confirms:
        confirmed.fail("the leader confirms by bidding")
    return Member(person, role, workload, pct, confirms)


def _values(place: Place, challenge: Challenge) -> dict[str, Decimal]:
    """One value for each indicator of ``challenge``, and no other."""
    names = [one.name for one in challenge.indicators]
    for name, inner in place.pairs():
        if name not in names:
            inner.fail(f"not an indicator of {challenge.code}")
    return {name: place.at(name).number(-LARGEST) for name in names}


def _milestones(place: Place, challenge: Challenge) -> tuple[Milestone, ...]:
    least = LEAST_NODE_SCORE_IN_A_RACE if challenge.mode == "race" else LEAST_NODE_SCORE
    found = tuple(_milestone(row, least) for row in place.items())
    if not 1 <= len(found) <= MOST_MILESTONES:
        place.fail(f"must be 1 to {MOST_MILESTONES} milestones")
    total = sum(one.pay_pct for one in found)
    if total != 100:
        place.fail(f"pay_pct adds up to {total}, not to 100")
    return found


def _milestone(place: Place, least: int) -> Milestone:
    name = place.at("name").text(longest=80)
    return Milestone(name, place.at("pay_pct").number(0, 100, places=2), place.at("score").number(least, 100))


def _scores(place: Place, challenge: Challenge) -> tuple[Mapping[str, Decimal], ...]:
    found = tuple({name: seat.at(name).number(0, 100) for name in CRITERIA} for seat in place.items())
    if len(found) != challenge.seats:
        place.fail(f"must be {challenge.seats}, one for each seat of a panel of level {challenge.level}")
    return found


def _acceptance(place: Place, challenge: Challenge, started_on: dt.date) -> Acceptance:
    applied_on = place.at("applied_on").day()
    if applied_on < started_on:
        place.at("applied_on").fail(f"before started_on ({started_on})")
    benefit = place.get("net_benefit_wan")
    if benefit is None and challenge.est_benefit_fen is not None:
        place.at("net_benefit_wan")
    if benefit is not None and benefit.value is None and challenge.est_benefit_fen is not None:
        benefit.fail("null only where the challenge's est_net_benefit_wan is")
    rectified = place.filled("rectified")
    return Acceptance(
        applied_on=applied_on,
        score=place.at("score").number(0, 100),
        measured=_values(place.at("measured"), challenge),
        net_benefit_fen=None if benefit is None or benefit.value is None else benefit.fen(-MOST_WAN),
        rectified=rectified is not None and rectified.yes(),
    )
