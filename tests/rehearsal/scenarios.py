"""Scenarios made up from a seed: small, and full of what is rare in the shipped one."""

import datetime as dt
from random import Random
from typing import Any

from tests.rehearsal import oracle

Row = dict[str, Any]
UNITS = [f"U{number:02}" for number in range(1, 7)]
EXPERT_UNITS = ["X01", "X02"]
EXPERTS_EACH = 16
FIELDS = ("地质", "机械", "安全")
CRITERIA = tuple(oracle.WEIGHTS)
SEATS = {"A": 9, "B": 7, "C": 5}
CLOSES_ON = dt.date(2027, 3, 12)


def make(seed: int, *, challenges: int = 3) -> Row:
    """A scenario of the form that the page describes."""
    return _Maker(Random(seed)).document(challenges)


class _Maker:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.people: list[Row] = []
        self.free: dict[str, list[str]] = {}
        self.led: dict[str, list[str]] = {}  # who leads a bid, by unit
        self.leading: set[str] = set()  # who leads a bid on the present challenge

    def document(self, count: int) -> Row:
        units = [self.unit(code) for code in [*UNITS, *EXPERT_UNITS]]
        experts = [
            {"person": one["code"], "field": FIELDS[place % len(FIELDS)]}
            for place, one in enumerate(self.people)
            if one["unit"] in EXPERT_UNITS and one["code"] not in {row["admin_head"] for row in units}
        ]
        challenges = [self.challenge(number) for number in range(1, count + 1)]
        bids = [
            one for number, challenge in enumerate(challenges) for one in self.bids(challenge, 10 * number)
        ]
        return {
            "year": {"year": 2027, "theme": "融合拓展年", "pool_wan": 5000},
            "starts_on": "2027-01-04",
            "bidding_closes_on": CLOSES_ON.isoformat(),
            "units": units,
            "people": self.people,
            "experts": experts,
            "appraisals": [self.appraisal(code) for code in UNITS],
            "challenges": challenges,
            "bids": bids,
            "vetoes": [self.veto(bids) for _ in range(self.random.choice((0, 1, 2)))] if bids else [],
        }

    def unit(self, code: str) -> Row:
        size = EXPERTS_EACH if code in EXPERT_UNITS else 24
        mine = [f"{code}-{number:02}" for number in range(size)]
        self.people += [{"code": one, "name": f"员工{one}", "unit": code} for one in mine]
        self.free[code] = mine[2:]
        return {"code": code, "name": f"单位{code}", "party_secretary": mine[0], "admin_head": mine[1]}

    def appraisal(self, unit: str) -> Row:
        base = self.random.choice((60, 72, 83, 93))
        names = [name for side in oracle.SIDES.values() for name in side]
        scores = {name: self.number(base - 5, base + 6, 2) for name in names}
        return {"unit": unit, "period": self.random.choice(("2027", "2027年度", "2027H1")), "scores": scores}

    def challenge(self, number: int) -> Row:
        mode = self.random.choice(("single", "multi", "race"))
        measurable = self.random.random() < 0.8
        should = self.random.choice((5, 7, 9))
        present = self.random.choice((should - 3, should - 1, should, should))
        made: Row = {
            "code": f"C{number}",
            "category": self.random.choice(("发展之困", "生产所需", "市场所急")),
            "title": f"难题 {number}",
            "background": "现场情况。",
            "indicators": [self.indicator(place) for place in range(self.random.randint(1, 4))],
            "deadline": self.deadline().isoformat(),
            "budget_wan": self.number(5, 600, 2),
            "est_net_benefit_wan": self.random.choice((20, 79.99, 80, 140, 300, 450)) if measurable else None,
            "cross_units": self.random.choice((1, 1, 2, 3)),
            "safety_critical": self.random.random() < 0.1,
            "sponsor": self.random.choice(UNITS),
            "mode": mode,
            "vote": {
                "should": should,
                "present": present,
                "for": self.random.choice((present // 2, *[present - present // 4] * 3)),
            },
        }
        if mode == "multi":
            made["max_winners"] = self.random.randint(1, 3)
        if self.random.random() < 0.3:
            made["fields"] = [self.random.choice(FIELDS), self.random.choice(FIELDS)]
        return made

    def deadline(self) -> dt.date:
        """Mostly in autumn; some so soon that signing takes longer."""
        if self.random.random() < 0.15:
            return CLOSES_ON + dt.timedelta(days=self.random.choice((3, 12, 30)))
        return dt.date(2027, 9, 1) + dt.timedelta(days=self.random.randint(0, 200))

    def indicator(self, place: int) -> Row:
        made: Row = {
            "name": f"指标{place}",
            "unit": "次",
            "baseline": self.number(0, 50, 1),
            "target": self.number(0, 50, 1),
            "op": self.random.choice("≥≤="),
            "verifier": self.random.choice(("单位U01", "生产运行室", "财务资产部")),
        }
        if self.random.random() < 0.5:
            made["weight"] = self.number(0.5, 4, 2)
        if self.random.random() < 0.4:
            made["hard"] = True
        return made

    def bids(self, challenge: Row, first: int) -> list[Row]:
        self.leading = set()
        count = self.random.choice((0, 1, 2, 3, 4, 5))
        return [self.bid(challenge, f"B{first + place:03}") for place in range(count)]

    def bid(self, challenge: Row, code: str) -> Row:
        unit = self.random.choice(UNITS)
        members = self.members(unit)
        sealed = dt.datetime(2027, 3, self.random.randint(1, 12), self.random.randint(0, 15), 30)
        room = (dt.date.fromisoformat(challenge["deadline"]) - CLOSES_ON).days
        began = CLOSES_ON + dt.timedelta(days=min(room - 1, self.random.choice((1, 20, 40, 60))))
        made: Row = {
            "code": code,
            "challenge": challenge["code"],
            "leader": members[0]["person"],
            "unit": unit if self.random.random() < 0.8 else self.random.choice(UNITS),
            "members": members,
            "sealed_at": f"{sealed.isoformat()}Z",
            "pledges": {one["name"]: self.pledged(one) for one in challenge["indicators"]},
            "milestones": self.milestones(challenge["mode"] == "race"),
            "scores": self.scores(SEATS[oracle.level(challenge)]),
            "started_on": began.isoformat(),
        }
        made["acceptance"] = self.acceptance(challenge, made, began)
        if self.random.random() < 0.15:
            made["withdrawn"] = True
        if self.random.random() < 0.7:
            made["realised_wan"] = self.number(0, 300, 2)
        return made

    def members(self, unit: str) -> list[Row]:
        size = self.random.choice((4, 5, 6, 7, 8, 15, 16)) if self.random.random() < 0.3 else 6
        taken = [self.leader(unit)]
        other = self.random.choice([one for one in UNITS if one != unit or self.random.random() < 0.1])
        taken += [self.random.choice(self.free[unit])]
        rest = [
            one["code"] for one in self.people if one["unit"] in (unit, other) and one["code"] not in taken
        ]
        taken += self.random.sample(rest, size - len(taken))
        leader = next(one for one in self.people if one["code"] == taken[0])
        if self.random.random() < 0.05:
            leader["on_duty"] = False
        if self.random.random() < 0.1:
            leader["banned_until"] = self.random.choice(("2027-03-11", "2027-03-12", "2027-03-15"))
        roles = [
            "leader",
            "core",
            "core",
            *("core" if self.random.random() < 0.5 else "member" for _ in taken[3:]),
        ]
        roles[-1] = self.random.choice(("support", "member", "mentor"))
        pcts = self.pcts(len(taken))
        found: list[Row] = [
            {"person": person, "role": role, "workload_pct": 20, "pct": pct}
            for person, role, pct in zip(taken, roles, pcts, strict=True)
        ]
        if self.random.random() < 0.1:
            found[1]["confirmed"] = False
        return found

    def leader(self, unit: str) -> str:
        """Mostly somebody new; else a head of the unit, or who leads in another challenge already."""
        heads = [one["code"] for one in self.people if one["unit"] == unit][:2]
        known = [one for one in (*heads, *self.led.get(unit, [])) if one not in self.leading]
        chosen = (
            self.free[unit].pop(0) if self.random.random() < 0.7 or not known else self.random.choice(known)
        )
        self.led.setdefault(unit, []).append(chosen)
        self.leading.add(chosen)
        return chosen

    def pcts(self, count: int) -> list[float]:
        """The leader's and the others' parts, which mostly make 100."""
        leader = self.random.choice((15, 25, 30, 35, 36))
        others = [self.random.randint(5, 20) for _ in range(count - 1)]
        found = [float(leader), *(round((100 - leader) * one / sum(others), 2) for one in others)]
        if self.random.random() < 0.9:
            found[1] = round(found[1] + 100 - sum(found), 2)
        return found

    def pledged(self, indicator: Row) -> float:
        """What reaches the target, but for a few."""
        better = {"≥": 1, "≤": -1, "=": 0}[indicator["op"]] * self.random.choice((0, 0.5, 2))
        worse = 0 if self.random.random() < 0.96 else {"≥": -1, "≤": 1, "=": 1}[indicator["op"]] * 5
        return float(round(indicator["target"] + better + worse, 2))

    def milestones(self, is_race: bool) -> list[Row]:
        shares = self.random.choice(([100], [30, 30, 40], [33.33, 33.33, 33.34], [12.5, 87.5]))
        low = 75 if is_race else 60
        return [
            {
                "name": f"节点{place}",
                "pay_pct": pct,
                "score": self.number(low, 100, self.random.choice((0, 1))),
            }
            for place, pct in enumerate(shares)
        ]

    def scores(self, seats: int) -> list[dict[str, float]]:
        base = self.random.choice((68, 74, 75, 82, 82, 90, 90))
        spread = self.random.choice((0, 3, 9))
        return [
            {
                name: self.number(base - spread, min(100, base + spread), self.random.choice((0, 1)))
                for name in CRITERIA
            }
            for _ in range(seats)
        ]

    def acceptance(self, challenge: Row, bid: Row, began: dt.date) -> Row:
        due = dt.date.fromisoformat(challenge["deadline"])
        length = (due - began).days
        late = self.random.choice((-length // 2, -length // 10, 0, length // 10, length // 4, length))
        measured = {
            name: value if self.random.random() < 0.8 else round(value + 1, 2)
            for name, value in bid["pledges"].items()
        }
        measurable = challenge["est_net_benefit_wan"] is not None
        made: Row = {
            "applied_on": (due + dt.timedelta(days=late)).isoformat(),
            "score": self.random.choice((58, 60, 65, 69.9999, 70, 79.5, 80, 90, 95.5)),
            "measured": measured,
            "net_benefit_wan": self.number(0, 700, 2) if measurable else None,
        }
        if self.random.random() < 0.5:
            made["rectified"] = True
        return made

    def veto(self, bids: list[Row]) -> Row:
        made: Row = {"clause": f"V{self.random.randint(1, 10):02}", "confirmed_on": "2027-08-02"}
        bid = self.random.choice(bids)
        if self.random.random() < 0.5:
            return {**made, "bid": bid["code"]}
        return {**made, "unit": bid["unit"]}

    def number(self, low: float, high: float, places: int) -> float:
        return round(self.random.uniform(low, high), places)
