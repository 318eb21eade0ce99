"""The challenges of a scenario."""

import datetime as dt
from collections.abc import Container
from decimal import Decimal
from functools import lru_cache
from typing import Any

from workflows import dmn
from workflows.domain import rules
from workflows.rehearsal.reading import LARGEST, Place
from workflows.rehearsal.scenario import CATEGORIES, MODES, OPERATORS, Challenge, Indicator, Vote

MOST_INDICATORS = 20
MOST_WINNERS = 20
MOST_FIELDS = 10
LONGEST_FIELD = 30
MOST_UNITS = 1000
MOST_WEIGHT = 1000
FEN_PER_WAN = 1_000_000


def challenge(place: Place, units: Container[str], *, starts_on: dt.date, closes_on: dt.date) -> Challenge:
    """One challenge of a file whose bidding ends with ``closes_on``. Raises ScenarioError."""
    mode = place.at("mode").one_of(MODES)
    estimate = place.at("est_net_benefit_wan")
    benefit = None if estimate.value is None else estimate.fen()
    cross_units = place.at("cross_units").whole(0, MOST_UNITS)
    safety_critical = place.at("safety_critical").yes()
    strategic = _flag(place, "strategic")
    level = level_of(benefit, cross_units, safety_critical=safety_critical, strategic=strategic)
    deadline = place.at("deadline").day()
    if deadline <= closes_on:
        place.at("deadline").fail(f"not after bidding_closes_on ({closes_on})")
    return Challenge(
        path=place.path,
        code=place.at("code").text(),
        starts_on=starts_on,
        closes_on=closes_on,
        category=place.at("category").one_of(CATEGORIES),
        title=place.at("title").text(shortest=2, longest=120),
        background=place.at("background").text(shortest=2),
        fields=_fields(place.filled("fields")),
        indicators=_indicators(place.at("indicators")),
        deadline=deadline,
        budget_fen=place.at("budget_wan").fen(),
        est_benefit_fen=benefit,
        cross_units=cross_units,
        safety_critical=safety_critical,
        strategic=strategic,
        sponsor=place.at("sponsor").known("unit", units),
        mode=mode,
        max_winners=_max_winners(place, mode),
        vote=_vote(place.at("vote")),
        level=level,
        seats=seats_of(level),
    )


def level_of(benefit_fen: int | None, cross_units: int, *, safety_critical: bool, strategic: bool) -> str:
    """The level that the shipped table gives; no measurable benefit counts as none."""
    asked = {
        "safety_critical": safety_critical,
        "strategic": strategic,
        "benefit": Decimal(benefit_fen or 0) / FEN_PER_WAN,
        "cross_units": cross_units,
    }
    level: str = _ask("challenge_level", asked)["level"]
    return level


@lru_cache
def seats_of(level: str) -> int:
    """How many sit in a panel, by the shipped table."""
    return int(_ask("panel_size", {"level": level})["size"])


def _ask(decision: str, inputs: dict[str, object]) -> Any:
    return _table(f"{decision}.dmn").evaluate(decision, inputs).value


@lru_cache
def _table(file: str) -> dmn.Model:
    return dmn.load(rules.shipped()[file], file=file)


def _flag(place: Place, key: str) -> bool:
    inner = place.filled(key)
    return inner is not None and inner.yes()


def _fields(place: Place | None) -> tuple[str, ...]:
    if place is not None and isinstance(place.value, list) and len(place.value) > MOST_FIELDS:
        place.fail(f"more than {MOST_FIELDS} fields")
    return () if place is None else tuple(inner.text(longest=LONGEST_FIELD) for inner in place.items())


def _max_winners(place: Place, mode: str) -> int:
    if mode == "multi":
        return place.at("max_winners").whole(1, MOST_WINNERS)
    given = place.filled("max_winners")
    if given is not None:
        given.fail(f"only a challenge of mode multi has it, not {mode}")
    return 1


def _vote(place: Place) -> Vote:
    should = place.at("should").whole(1, 10_000)
    present = place.at("present").whole(1, 10_000)
    if present > should:
        place.at("present").fail(f"more than should ({should})")
    in_favour = place.at("for").whole(0, 10_000)
    if in_favour > present:
        place.at("for").fail(f"more than present ({present})")
    return Vote(should, present, in_favour)


def _indicators(place: Place) -> tuple[Indicator, ...]:
    found: dict[str, Indicator] = {}
    for row in place.items():
        name = row.at("name").text(longest=60)
        if name in found:
            row.at("name").fail(f"{name} stands twice")
        found[name] = _indicator(row, name)
    if not 1 <= len(found) <= MOST_INDICATORS:
        place.fail(f"must be 1 to {MOST_INDICATORS} indicators")
    return tuple(found.values())


def _indicator(place: Place, name: str) -> Indicator:
    weight = place.filled("weight")
    return Indicator(
        name=name,
        measure=place.at("unit").text(longest=20),
        baseline=place.at("baseline").number(-LARGEST),
        target=place.at("target").number(-LARGEST),
        op=place.at("op").one_of(OPERATORS),
        verifier=place.at("verifier").text(longest=80),
        weight=Decimal(1) if weight is None else _weight(weight),
        hard=_flag(place, "hard"),
    )


def _weight(place: Place) -> Decimal:
    weight = place.number(0, MOST_WEIGHT)
    if weight == 0:
        place.fail("must be above 0")
    return weight
