"""The two years of the demo as one scenario, every date relative to today."""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from workflows import clock
from workflows.demo.plant import Plant
from workflows.rehearsal import scenario_reading
from workflows.rehearsal.reading import Place
from workflows.rehearsal.scenario import CRITERIA, Scenario

FILE = Path(__file__).parent / "campaigns.json"
SHARES = (30, 20, 20, 15, 15)
ROLES = ("leader", "core", "core", "member", "mentor")
KICKOFF_DAYS = 40  # after the end of the bidding, where the file names no day
MIDDLE = -150  # days from today: the middle of the present campaign
LAST_NODE_BEFORE = 4  # days before the end
FOUR_PLACES = Decimal("0.0001")


@dataclass(frozen=True)
class Years:
    """``raw`` is the file; ``today`` is what its days count from."""

    today: dt.date
    raw: dict[str, Any]

    @classmethod
    def read(cls, today: dt.date) -> "Years":
        return cls(today, json.loads(FILE.read_text(), parse_float=Decimal))

    def day(self, days: int) -> dt.date:
        return self.today + dt.timedelta(days=days)

    def year(self, name: str) -> int:
        """The calendar year of the present campaign, in which most of it happens, or of the earlier one."""
        present = self.day(MIDDLE).year
        return present if name == "present" else present - 1

    def challenges(self) -> list[dict[str, Any]]:
        return [one for year in ("earlier", "present") for one in self.raw[year]["challenges"]]

    def bids(self) -> list[dict[str, Any]]:
        return [one for year in ("earlier", "present") for one in self.raw[year]["bids"]]

    def challenge(self, code: str) -> dict[str, Any]:
        return next(one for one in self.challenges() if one["code"] == code)

    def bid(self, code: str) -> dict[str, Any]:
        return next(one for one in self.bids() if one["code"] == code)

    def started_on(self, bid: dict[str, Any]) -> dt.date:
        return self.day(bid.get("started", self.challenge(bid["challenge"])["closes"] + KICKOFF_DAYS))

    def node_dues(self, bid: dict[str, Any]) -> list[dt.date]:
        """When the nodes of a bid are due: as the file says, or evenly up to its application or its deadline."""
        if "dues" in bid:
            return [self.day(days) for days in bid["dues"]]
        started, nodes = self.started_on(bid), len(bid.get("nodes", (0, 0)))
        last = min(self._ends_on(bid), self.day(self.challenge(bid["challenge"])["deadline"]))
        days = (last - started).days - LAST_NODE_BEFORE
        return [started + dt.timedelta(days=days * number // nodes) for number in range(1, nodes + 1)]

    def scenario(self, plant: Plant) -> Scenario:
        """Both years in the form of a rehearsal: each challenge read as one with the dates of its own, then united."""
        alone = [scenario_reading.read(Place("", self._scenario(plant, one))) for one in self.challenges()]
        challenges = {code: one for each in alone for code, one in each.challenges.items()}
        bids = {code: one for each in alone for code, one in each.bids.items()}
        return replace(alone[-1], challenges=challenges, bids=bids)

    def _ends_on(self, bid: dict[str, Any]) -> dt.date:
        return self.day(bid.get("applied", self.challenge(bid["challenge"])["deadline"]))

    def _scenario(self, plant: Plant, challenge: dict[str, Any]) -> dict[str, Any]:
        return {
            "year": {"year": self.today.year, "theme": self.raw["present"]["theme"], "pool_wan": 0},
            "starts_on": self.day(challenge["opens"]).isoformat(),
            "bidding_closes_on": self.day(challenge["closes"]).isoformat(),
            "units": [
                {
                    "code": code,
                    "name": name,
                    "party_secretary": plant.head(code, "party_secretary"),
                    "admin_head": plant.head(code, "admin_head"),
                }
                for code, name in plant.units
            ],
            "people": [
                {"code": login, "name": name, "unit": unit}
                for login, name, unit, *_ in plant.people
                if unit in {code for code, _ in plant.units}
            ],
            "experts": [],
            "appraisals": [
                {"unit": one["unit"], "period": str(self.today.year), "scores": one["scores"]}
                for one in self.raw["appraisals"]
            ],
            "challenges": [self._challenge(challenge)],
            "bids": [self._bid(one) for one in self.bids() if one["challenge"] == challenge["code"]],
            "vetoes": [],
        }

    def _challenge(self, one: dict[str, Any]) -> dict[str, Any]:
        seats = one["seats"]
        vote = {"should": seats, "present": seats, "for": seats - 1}
        return {**one, "deadline": self.day(one["deadline"]).isoformat(), "vote": vote}

    def _bid(self, bid: dict[str, Any]) -> dict[str, Any]:
        challenge = self.challenge(bid["challenge"])
        nodes = bid.get("nodes", (80, 80))
        gain = Decimal(bid.get("gain", "1"))
        estimate = challenge["est_net_benefit_wan"]
        net = None if estimate is None else (estimate * gain).quantize(FOUR_PLACES)
        team = [bid["leader"], *bid["members"]]
        measured = {one["name"]: _measured(one, gain) for one in challenge["indicators"]}
        return {
            "code": bid["code"],
            "challenge": bid["challenge"],
            "leader": bid["leader"],
            "unit": bid["unit"],
            "members": [
                {"person": person, "role": role, "workload_pct": 30, "pct": share}
                for person, role, share in zip(team, ROLES, SHARES, strict=True)
            ],
            "sealed_at": _at(self.day(bid["sealed"]), 15),
            "pledges": {one["name"]: one["target"] for one in challenge["indicators"]},
            "milestones": [
                {"name": f"节点{number}", "pay_pct": pct, "score": score}
                for number, (pct, score) in enumerate(zip(_portions(len(nodes)), nodes, strict=True), start=1)
            ],
            "scores": list(_sheets(challenge["seats"], bid["base"])),
            "started_on": self.started_on(bid).isoformat(),
            "acceptance": {
                "applied_on": self._ends_on(bid).isoformat(),
                "score": bid.get("accepted", 80),
                "measured": measured,
                "net_benefit_wan": net,
            },
            "realised_wan": _realised(net, bid),
        }


def _realised(net: Decimal | None, bid: dict[str, Any]) -> Decimal | None:
    return None if net is None else (net * Decimal(bid.get("realised", "1"))).quantize(FOUR_PLACES)


def _measured(indicator: dict[str, Any], gain: Decimal) -> Decimal:
    """The target, reached with ``gain``."""
    target = Decimal(indicator["target"])
    if indicator["op"] == "≥":
        return (target * gain).quantize(FOUR_PLACES)
    return (target / gain).quantize(FOUR_PLACES) if indicator["op"] == "≤" else target


def _portions(count: int) -> list[int]:
    """``count`` percentages that make 100."""
    each = 100 // count
    return [*[each] * (count - 1), 100 - each * (count - 1)]


def _sheets(seats: int, base: int) -> Iterator[dict[str, int]]:
    """The sheet of each seat: experts differ a little around ``base``."""
    for seat in range(seats):
        yield {
            name: max(0, min(100, base + (seat * 5 + place * 3) % 9 - 4))
            for place, name in enumerate(CRITERIA)
        }


def _at(day: dt.date, hour: int) -> str:
    instant = clock.start_of(day) + dt.timedelta(hours=hour)
    return instant.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
