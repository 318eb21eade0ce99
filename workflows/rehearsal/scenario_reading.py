"""From a file to a Scenario. The first mistake ends the reading, told with its path."""

from collections.abc import Callable, Container
from pathlib import Path
from typing import TypeVar

from workflows.rehearsal import bid_reading, challenge_reading, reading
from workflows.rehearsal.reading import Place
from workflows.rehearsal.scenario import (
    CLAUSES,
    SIDES,
    THEMES,
    Appraisal,
    Person,
    Scenario,
    Unit,
    Veto,
    Year,
)

LONGEST_CODE = 40
LONGEST_UNIT_CODE = 20

One = TypeVar("One")


def load(path: Path) -> Scenario:
    """The scenario in the file at ``path``. Raises ScenarioError, which names the path of the mistake."""
    return read(reading.read(path))


def read(root: Place) -> Scenario:
    """The scenario that ``root`` says. Raises ScenarioError."""
    year = _year(root.at("year"))
    starts_on = root.at("starts_on").day()
    closes_on = root.at("bidding_closes_on").day()
    if closes_on < starts_on:
        root.at("bidding_closes_on").fail(f"before starts_on ({starts_on})")
    unit_codes = _codes(root.at("units"), longest=LONGEST_UNIT_CODE)
    person_codes = _codes(root.at("people"), longest=LONGEST_CODE)
    units = _units(root.at("units"), person_codes)
    people = _by_code(root.at("people"), lambda place: _person(place, unit_codes))
    experts = _experts(root.at("experts"), person_codes)
    appraisals = _appraisals(root.at("appraisals"), unit_codes)
    dates = {"starts_on": starts_on, "closes_on": closes_on}
    challenges = _by_code(
        root.at("challenges"), lambda place: challenge_reading.challenge(place, unit_codes, **dates)
    )
    world = bid_reading.Known(challenges, unit_codes, person_codes)
    bids = _by_code(root.at("bids"), lambda place: bid_reading.bid(place, world))
    bid_reading.refuse_second_bids(root.at("bids"), bids)
    vetoes = tuple(_veto(place, bids.keys(), unit_codes) for place in root.at("vetoes").items())
    return Scenario(
        year=year,
        starts_on=starts_on,
        bidding_closes_on=closes_on,
        units=units,
        people=people,
        experts=experts,
        appraisals=appraisals,
        challenges=challenges,
        bids=bids,
        vetoes=vetoes,
    )


def _codes(place: Place, *, longest: int) -> set[str]:
    """The codes that stand in a list, each once; what names them is read later."""
    found: set[str] = set()
    for row in place.items():
        code = row.at("code").text(longest=longest)
        if code in found:
            row.at("code").fail(f"{code} stands twice")
        found.add(code)
    return found


def _by_code(place: Place, make: Callable[[Place], One], *, longest: int = LONGEST_CODE) -> dict[str, One]:
    _codes(place, longest=longest)
    return {row.at("code").text(): make(row) for row in place.items()}


def _year(place: Place) -> Year:
    return Year(
        year=place.at("year").whole(2000, 2100),
        theme=place.at("theme").one_of(THEMES),
        pool_fen=place.at("pool_wan").fen(),
    )


def _units(place: Place, people: set[str]) -> dict[str, Unit]:
    names: set[str] = set()

    def one(row: Place) -> Unit:
        name = row.at("name").text(longest=80)
        if name in names:
            row.at("name").fail(f"{name} stands twice")
        names.add(name)
        secretary = row.at("party_secretary").known("person", people)
        head = row.at("admin_head").known("person", people)
        if head == secretary:
            row.at("admin_head").fail("the same person as party_secretary")
        return Unit(row.at("code").text(), name, secretary, head)

    return _by_code(place, one, longest=LONGEST_UNIT_CODE)


def _person(place: Place, units: set[str]) -> Person:
    on_duty, banned = place.filled("on_duty"), place.filled("banned_until")
    return Person(
        code=place.at("code").text(),
        name=place.at("name").text(longest=60),
        unit=place.at("unit").known("unit", units),
        on_duty=on_duty is None or on_duty.yes(),
        banned_until=None if banned is None else banned.day(),
    )


def _experts(place: Place, people: set[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for row in place.items():
        person = row.at("person").known("person", people)
        field = row.at("field").text(longest=challenge_reading.LONGEST_FIELD)
        if field in found.get(person, ()):
            row.fail(f"{person} stands twice with the field {field}")
        found[person] = (*found.get(person, ()), field)
    return found


def _appraisals(place: Place, units: set[str]) -> dict[str, Appraisal]:
    found: dict[str, Appraisal] = {}
    for row in place.items():
        unit = row.at("unit").known("unit", units)
        if unit in found:
            row.at("unit").fail(f"{unit} has an appraisal already")
        period, scores = row.at("period").text(longest=20), row.at("scores")
        marks = {name: scores.at(name).number(0, 100) for side in SIDES.values() for name in side}
        found[unit] = Appraisal(unit, period, marks)
    return found


def _veto(place: Place, bids: Container[str], units: Container[str]) -> Veto:
    clause = place.at("clause").one_of(CLAUSES)
    bid, unit = place.filled("bid"), place.filled("unit")
    if (bid is None) == (unit is None):
        place.fail("must name either a bid or a unit")
    return Veto(
        path=place.path,
        clause=clause,
        bid=None if bid is None else bid.known("bid", bids),
        unit=None if unit is None else unit.known("unit", units),
        confirmed_on=place.at("confirmed_on").day(),
    )
