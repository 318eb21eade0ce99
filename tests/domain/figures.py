"""The scenario's projects as facts for the arithmetic, and the shipped tables asked without a database."""

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import workflows
from workflows import dmn
from workflows.domain import calculation
from workflows.domain.calculation import FEN_PER_WAN, Facts, Veto
from workflows.domain.portions import Part
from workflows.domain.rules import Decided

BPMN = Path(__file__).parents[2] / "bpmn"
DATA = Path(workflows.__path__[0]) / "rehearsal"

_MODELS = [dmn.load(path.read_bytes(), file=path.name) for path in sorted(BPMN.rglob("*.dmn"))]
_BY_DECISION = {decision: model for model in _MODELS for decision in model.decisions}


def ask(decision: str, inputs: Mapping[str, object]) -> Decided:
    """The shipped table, as its version 1."""
    model = _BY_DECISION[decision]
    outcome = model.evaluate(decision, inputs)
    return Decided(outcome.value, model.file, 1, dmn.trace_to_json(outcome.trace))


def read(name: str) -> dict[str, Any]:
    """A file of the rehearsal, its numbers exact."""
    content: dict[str, Any] = json.loads((DATA / name).read_text(), parse_float=Decimal)
    return content


SCENARIO = read("scenario.json")
CHALLENGES = {one["code"]: one for one in SCENARIO["challenges"]}
BIDS = {one["code"]: one for one in SCENARIO["bids"]}
MET = {"≥": lambda a, b: a >= b, "≤": lambda a, b: a <= b, "=": lambda a, b: a == b}


def _fen(wan: Any) -> int:
    return int(Decimal(wan) * FEN_PER_WAN)


def _level(challenge: Mapping[str, Any]) -> dict[str, Any]:
    asked = {name: challenge.get(name, False) for name in ("safety_critical", "strategic", "cross_units")}
    value: dict[str, Any] = ask(
        "challenge_level", {**asked, "benefit": challenge["est_net_benefit_wan"] or 0}
    ).value
    return value


def _met(challenge: Mapping[str, Any], bid: Mapping[str, Any]) -> tuple[bool, Decimal]:
    """Whether all hard indicators are met, and the share of the weights that is."""
    measured, hard_ok, met, whole = bid["acceptance"]["measured"], True, Decimal(0), Decimal(0)
    for one in challenge["indicators"]:
        is_met = MET[one["op"]](measured[one["name"]], bid["pledges"][one["name"]])
        weight = Decimal(one.get("weight", 1))
        whole, met = whole + weight, met + weight * is_met
        hard_ok = hard_ok and (is_met or not one.get("hard", False))
    return hard_ok, met / whole


def _prepaid(level: Mapping[str, Any], bid: Mapping[str, Any]) -> int:
    def released(score: int) -> int:
        return 100 if score >= 70 else 50 if score >= 60 else 0

    return sum(
        calculation.prepayment_fen(
            ask,
            level["level"],
            fixed_fen=_fen(level["fixed_award"]),
            pay_pct=one["pay_pct"],
            released_pct=released(one["score"]),
        )
        for one in bid["milestones"]
    )


def _vetoes(bid: Mapping[str, Any]) -> tuple[Veto, ...]:
    mine = (bid["code"], bid["unit"])
    return tuple(Veto(one["clause"]) for one in SCENARIO["vetoes"] if one.get("bid", one.get("unit")) in mine)


def facts(code: str, *, is_beaten: bool = False) -> Facts:
    """What the scenario says of the project of bid ``code``."""
    bid = BIDS[code]
    challenge = CHALLENGES[bid["challenge"]]
    level, acceptance = _level(challenge), bid["acceptance"]
    is_measurable = challenge["est_net_benefit_wan"] is not None
    bonus = _fen(level["benefit_cap"] if is_measurable else level["flat_award"])
    cap = (_fen(level["fixed_award"]) + bonus) * Decimal("1.2")
    unit = next(one for one in SCENARIO["appraisals"] if one["unit"] == bid["unit"])
    rates = calculation.rates(ask, {name: Decimal(score) for name, score in unit["scores"].items()})
    hard_ok, met_ratio = _met(challenge, bid)
    return Facts(
        level=level["level"],
        fixed_fen=_fen(level["fixed_award"]),
        benefit_cap_fen=bonus,
        cap_fen=int(cap),
        score=Decimal(acceptance["score"]),
        hard_ok=hard_ok,
        met_ratio=met_ratio,
        is_rectified=acceptance.get("rectified", False),
        net_benefit_fen=_fen(acceptance["net_benefit_wan"]) if is_measurable else None,
        flat_fen=None if is_measurable else bonus,
        applied_on=dt.date.fromisoformat(acceptance["applied_on"]),
        deadline=dt.date.fromisoformat(challenge["deadline"]),
        started_on=dt.date.fromisoformat(bid["started_on"]),
        p=rates.p,
        b=rates.b,
        vetoes=_vetoes(bid),
        prepaid_fen=_prepaid(level, bid),
        is_beaten=is_beaten,
    )


def parts(code: str) -> list[Part]:
    """The split that the file gives for bid ``code``."""
    return [Part(one["role"], Decimal(one["pct"])) for one in BIDS[code]["members"]]


def beaten(codes: list[str]) -> set[str]:
    """Those of the projects ``codes`` that were accepted, but not as the best of their race."""
    lost: set[str] = set()
    for challenge in SCENARIO["challenges"]:
        teams = [code for code in codes if BIDS[code]["challenge"] == challenge["code"]]
        accepted = [code for code in teams if calculation.measure(ask, facts(code)).is_accepted]
        if challenge["mode"] == "race" and accepted:
            best = min(accepted, key=_rank)
            lost |= {code for code in accepted if code != best}
    return lost


def _rank(code: str) -> tuple[Decimal, str, str]:
    acceptance = BIDS[code]["acceptance"]
    return -Decimal(acceptance["score"]), acceptance["applied_on"], code
