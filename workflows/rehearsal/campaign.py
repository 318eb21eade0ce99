"""The course of a rehearsal: what people set off of their own accord, and when."""

import datetime as dt
from collections.abc import Callable
from functools import partial

from workflows import clock
from workflows.db import Database
from workflows.models import BidState, ChallengeState
from workflows.rehearsal import world
from workflows.rehearsal.answers import appraisals, bids, campaigns, intakes, vetoes
from workflows.rehearsal.door import Door
from workflows.rehearsal.player import Player
from workflows.rehearsal.records import Records
from workflows.rehearsal.scenario import Bid, Challenge, Scenario, Veto
from workflows.rehearsal.scene import Scene

LEAD = dt.timedelta(days=30)  # of the posting before the first sealed bid: what nobody confirms takes days
MORNING = dt.timedelta(hours=9)
PATIENCE = dt.timedelta(days=5 * 366)  # after the last date of the file
UNDECIDED = (
    ChallengeState.REFINING,
    ChallengeState.JUSTIFIED,
    ChallengeState.APPROVING,
    ChallengeState.APPROVED,
    ChallengeState.PUBLISHED,
    ChallengeState.BIDDING_CLOSED,
    ChallengeState.FAILED,
    ChallengeState.REVIEWING,
    ChallengeState.PROPOSED,
    ChallengeState.IN_PUBLICITY,
)


def play(
    database: Database, scenario: Scenario, door: Door, *, told: Callable[[], None] = lambda: None
) -> Scene:
    """Play ``scenario`` in an empty ``database`` through ``door``, which acts in it.

    Holds the clock of this process. Raises ScenarioError where the file cannot be played, scene.Stuck and
    door.Refused where the service does not do as the rules say.
    """
    with clock.held_at(begins_at(scenario)):
        scene = set_up(database, scenario, door)
        player = Player(database, scene, told=told)
        plan(player, scene)
        player.play(until=ends_at(scenario))
    return scene


def begins_at(scenario: Scenario) -> dt.datetime:
    """When the first challenge is posted; the scenario's first day when there is none."""
    return min(
        (posted_at(scenario, one) for one in scenario.challenges.values()),
        default=clock.start_of(scenario.starts_on),
    )


def ends_at(scenario: Scenario) -> dt.datetime:
    """By when everything is over, unless something is stuck."""
    return clock.start_of(_last_day(scenario)) + PATIENCE


def posted_at(scenario: Scenario, challenge: Challenge) -> dt.datetime:
    """On the morning of its ``starts_on``, or earlier where its first bid or its last day would come too soon."""
    sealed = [clock.local(bid.sealed_at).date() for bid in scenario.bids_on(challenge.code)]
    return clock.start_of(min(challenge.starts_on, min([*sealed, challenge.closes_on]) - LEAD)) + MORNING


def expected_acts(scenario: Scenario) -> int:
    """Roughly how many acts a rehearsal takes, for its progress bar."""
    lists = sum(20 + 3 * one.seats for one in scenario.challenges.values())
    bids = sum(9 + len(one.members) for one in scenario.bids.values())
    projects = sum(min(2, len(scenario.bids_on(code))) * 50 for code in scenario.challenges)
    return lists + bids + projects + 14 * len(scenario.appraisals)


def set_up(database: Database, scenario: Scenario, door: Door) -> Scene:
    """The plant of ``scenario`` in ``database``, and who acts in it through ``door``."""
    with database.transaction() as session:
        plant = world.build(session, scenario)
    return Scene(scenario, plant, door, Records(database))


def plan(player: Player, scene: Scene) -> None:
    """Let the people of ``scene`` set off everything that the scenario says."""
    scenario = scene.scenario
    if scenario.year.year >= clock.today().year:  # nobody plans a year that is over
        player.plan(clock.now(), partial(campaigns.begin, scene))
    for challenge in scenario.challenges.values():
        player.plan(posted_at(scenario, challenge), partial(intakes.raise_problem, scene, challenge))
    for bid in sorted(scenario.bids.values(), key=lambda one: one.code):
        _plan_bid(player, scene, bid)
    for appraisal in scenario.appraisals.values():
        begun_on = max(appraisals.first_day(scene, appraisal), scenario.bidding_closes_on)
        player.plan(clock.start_of(begun_on) + MORNING, partial(appraisals.begin, scene, appraisal))
    entered: list[Veto] = []
    for veto in scenario.vetoes:
        _plan_veto(player, scene, veto, entered)
    scene.vetoes_count = lambda: len(entered) == len(scenario.vetoes) and not scene.records.is_running("veto")


def _plan_bid(player: Player, scene: Scene, bid: Bid) -> None:
    """Begun as soon as the list is out, in the order of planning; withdrawn as soon as it is sealed."""
    posted = posted_at(scene.scenario, scene.scenario.challenges[bid.challenge])
    is_time = partial(_may_begin, scene, bid)
    player.plan(posted, partial(bids.begin, scene, bid), ready=is_time)
    if bid.withdrawn:
        is_sealed = partial(_is_in, scene, bid, BidState.SEALED)
        player.plan(bid.sealed_at, partial(bids.withdraw, scene, bid), ready=is_sealed)


def _may_begin(scene: Scene, bid: Bid) -> bool:
    """Whether the list is out, and what its leader sealed on it earlier has been withdrawn."""
    earlier = [
        one
        for one in scene.scenario.bids_on(bid.challenge)
        if one.leader == bid.leader and one.sealed_at < bid.sealed_at
    ]
    is_out = scene.records.challenge_state(scene.challenge_id(bid.challenge)) == ChallengeState.PUBLISHED
    return is_out and all(_is_in(scene, one, BidState.WITHDRAWN) for one in earlier)


def _plan_veto(player: Player, scene: Scene, veto: Veto, entered: list[Veto]) -> None:
    """Entered on its day: on the unit, or on projects once it is decided which there are.

    A clause on teams that the file puts on a unit is entered on each project of that unit; one on a bid that has
    not won is on nothing.
    """
    is_of_unit = veto.unit is not None and not scene.records.is_team_clause(veto.clause)
    bid = scene.scenario.bids[veto.bid] if veto.bid else None
    lists = [bid.challenge] if bid else [] if is_of_unit else list(scene.scenario.challenges)

    def is_time() -> bool:
        return all(_is_decided(scene, code) for code in lists)

    def enter() -> None:
        entered.append(veto)
        for project_id in [None] if is_of_unit else _projects(scene, veto):
            vetoes.propose(scene, veto, project_id=project_id)

    player.plan(clock.start_of(veto.confirmed_on) + MORNING, enter, ready=is_time)


def _is_decided(scene: Scene, code: str) -> bool:
    """Whether it is known which bids on a challenge have won."""
    return scene.records.challenge_state(scene.challenge_id(code)) not in (None, *UNDECIDED)


def _projects(scene: Scene, veto: Veto) -> list[int]:
    """The projects that a veto on a bid, or on the teams of a unit, is about."""
    bids = [one for one in scene.scenario.bids.values() if one.code == veto.bid or one.unit == veto.unit]
    found = [scene.records.project_of_bid(scene.bid_id(one.code)) for one in bids]
    return [one for one in found if one is not None]


def _is_in(scene: Scene, bid: Bid, state: BidState) -> bool:
    return scene.records.bid_state(scene.bid_id(bid.code)) == state


def _last_day(scenario: Scenario) -> dt.date:
    days = [scenario.bidding_closes_on, *(one.deadline for one in scenario.challenges.values())]
    days += [one.acceptance.applied_on for one in scenario.bids.values()]
    return max([*days, *(one.confirmed_on for one in scenario.vetoes)])
