"""What a scenario must come to, worked out anew from the page on rehearsals: no code and no table of the service."""

import datetime as dt
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

Row = dict[str, Any]
WEIGHTS = {"tech": 25, "pledge": 20, "team": 15, "schedule": 15, "money": 15, "safety": 10}
SIDES = {
    "P": {"A1": 20, "A2": 20, "A3": 20, "A4": 15, "A5": 15, "A6": 10},
    "B": {"B1": 20, "B2": 20, "B3": 15, "B4": 20, "B5": 10, "B6": 10, "B7": 5},
}
# Of a level: fixed award, cap of the benefit award, award without measurable benefit (万元).
AWARDS = {
    "A": (Fraction(12), 40, 10),
    "B": (Fraction(5), 20, 5),
    "C": (Fraction("1.5"), 6, 2),
}
GRID = (
    ("1.20", "1.10", "0.95", "0.70"),
    ("1.05", "1.00", "0.85", "0.65"),
    ("0.95", "0.85", "0.75", "0.55"),
    ("0.70", "0.65", "0.55", "0.30"),
)
VETO = dict(
    zip(
        [f"V{n:02}" for n in range(1, 11)],
        ("0", "0", "0", "0", "0", "0.5", "0.5", "0.5", "0.7", "0.8"),
        strict=True,
    )
)
KC = {"优秀": "1.2", "良好": "1", "合格": "0.8", "整改后合格": "0.5", "不通过": "0"}
MET: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "≥": lambda a, b: a >= b,
    "≤": lambda a, b: a <= b,
    "=": lambda a, b: a == b,
}
TIERS = ((50, 8), (200, 6), (500, 5), (None, 3))  # 万元 up to, percent


def exact(value: Any) -> Fraction:
    return Fraction(str(value))


def half_up(value: Fraction) -> int:
    return (value + Fraction(1, 2)).__floor__()


def yuan(wan: Any) -> int:
    return half_up(exact(wan) * 10_000)


def cents(value: Fraction) -> str:
    number = half_up(value * 100)
    return f"{number // 100}.{number % 100:02}"


def expected(document: Row) -> Row:
    """RESULT.json of ``document`` without the explanations."""
    return Campaign(document).result()


class Campaign:
    def __init__(self, document: Row) -> None:
        self.document = document
        self.people = {one["code"]: one for one in document["people"]}
        self.appraisals = {one["unit"]: one["scores"] for one in document["appraisals"]}

    def result(self) -> Row:
        lists = [List(self, one) for one in self.document["challenges"]]
        by_bid = {code: one for each in lists for code, one in each.told.items()}
        return {
            "challenges": [one.row() for one in lists],
            "bids": [by_bid[one["code"]] for one in self.document["bids"] if not one.get("withdrawn")],
            "projects": [row for one in lists for row in one.projects()],
        }


class List:
    """One challenge with its bids."""

    def __init__(self, campaign: Campaign, challenge: Row) -> None:
        self.campaign, self.challenge = campaign, challenge
        self.level = level(challenge)
        listed = campaign.document["bids"]
        self.bids = [
            one for one in listed if one["challenge"] == challenge["code"] and not one.get("withdrawn")
        ]
        self.told: dict[str, Row] = {}
        self.ranked = self.rank()
        self.winners, self.reserve = self.choose()

    def row(self) -> Row:
        fixed, cap, flat = AWARDS[self.level]
        whole = (fixed + (flat if self.challenge["est_net_benefit_wan"] is None else cap)) * Fraction(6, 5)
        return {
            "code": self.challenge["code"],
            "level": self.level,
            "fixed_yuan": yuan(fixed),
            "cap_yuan": yuan(whole),
            "outcome": "awarded" if self.winners else "failed",
            "winners": [one["code"] for one in self.winners],
            "reserve": None if self.reserve is None else self.reserve["code"],
        }

    def rank(self) -> list[Row]:
        reasons = {one["code"]: self.reasons(one) for one in self.bids}
        eligible = [one for one in self.bids if not reasons[one["code"]]]
        eligible.sort(key=lambda one: (-mean(one), -pledge(one), one["sealed_at"]))
        for one in self.bids:
            is_eligible = one in eligible
            self.told[one["code"]] = {
                "code": one["code"],
                "eligible": is_eligible,
                "reasons": reasons[one["code"]],
                "mean": cents(mean(one)) if is_eligible else None,
                "rank": eligible.index(one) + 1 if is_eligible else None,
            }
        return eligible

    def reasons(self, bid: Row) -> list[str]:
        leader, members = self.campaign.people[bid["leader"]], bid["members"]
        until = leader.get("banned_until")
        units = {self.campaign.people[one["person"]]["unit"] for one in members}
        worse = any(
            one.get("hard", False)
            and not MET[one["op"]](exact(bid["pledges"][one["name"]]), exact(one["target"]))
            for one in self.challenge["indicators"]
        )
        found = {
            "E01": not leader.get("on_duty", True),
            "E02": until is not None and until >= self.campaign.document["bidding_closes_on"],
            "E05": not 5 <= len(members) <= 15,
            "E06": self.level == "A" and len(units) < 2,
            "E07": worse,
            "E10": any(one.get("confirmed") is False for one in members),
        }
        return [code for code, is_so in found.items() if is_so]

    def choose(self) -> tuple[list[Row], Row | None]:
        vote, mode = self.challenge["vote"], self.challenge["mode"]
        share = Fraction(vote["for"], vote["present"])
        strict = self.level == "A" or len(self.ranked) == 1
        passed = share >= Fraction(2, 3) if strict else share > Fraction(1, 2)
        if not self.ranked or not passed or Fraction(vote["present"], vote["should"]) < Fraction(2, 3):
            return [], None
        good = [one for one in self.ranked if mean(one) >= (75 if mode == "race" else 70)]
        most = {"single": 1, "multi": self.challenge.get("max_winners", 1), "race": 3}[mode]
        return good[:most], next(iter(good[most:]), None)

    def projects(self) -> list[Row]:
        found = [Outcome(self, one) for one in self.winners]
        accepted = [one for one in found if one.verdict != "不通过"]
        if self.challenge["mode"] == "race" and accepted:
            best = min(accepted, key=lambda one: one.standing)
            for one in accepted:
                one.is_beaten = one is not best
        return [one.row() for one in found]


class Outcome:
    """What one winning bid comes to."""

    def __init__(self, listed: List, bid: Row) -> None:
        self.listed, self.bid, self.challenge = listed, bid, listed.challenge
        self.done = bid["acceptance"]
        self.verdict = self.judge()
        self.is_beaten = False
        self.standing = (-exact(self.done["score"]), self.done["applied_on"], bid["code"])

    def judge(self) -> str:
        met, whole, hard_ok = Fraction(0), Fraction(0), True
        for one in self.challenge["indicators"]:
            name, weight = one["name"], exact(one.get("weight", 1))
            is_met = MET[one["op"]](exact(self.done["measured"][name]), exact(self.bid["pledges"][name]))
            met, whole = met + weight * is_met, whole + weight
            hard_ok = hard_ok and (is_met or not one.get("hard", False))
        score = exact(self.done["score"])
        if not hard_ok or score < 60:
            return "不通过"
        if score >= 90 and met == whole:
            return "优秀"
        if score < 70:
            return "整改后合格" if self.done.get("rectified") else "不通过"
        return "良好" if score >= 80 else "合格"

    def kt(self) -> str:
        applied, due, began = (
            dt.date.fromisoformat(one)
            for one in (self.done["applied_on"], self.challenge["deadline"], self.bid["started_on"])
        )
        late = Fraction((applied - due).days, (due - began).days)
        steps = (
            (Fraction(-1, 10), "1.05"),
            (Fraction(0), "1"),
            (Fraction(1, 10), "0.9"),
            (Fraction(3, 10), "0.7"),
        )
        return next((value for limit, value in steps if late <= limit), "0.5")

    def rates(self) -> tuple[Fraction, Fraction]:
        scores = self.listed.campaign.appraisals[self.bid["unit"]]
        p, b = (
            sum((exact(scores[name]) * weight / 100 for name, weight in side.items()), Fraction(0))
            for side in SIDES.values()
        )
        return p, b

    def veto(self) -> str:
        mine = (self.bid["code"], self.bid["unit"])
        counted = [
            VETO[one["clause"]]
            for one in self.listed.campaign.document["vetoes"]
            if (one.get("bid") or one.get("unit")) in mine
        ]
        return min(["1", *counted], key=exact)

    def benefit(self) -> Fraction:
        _, cap, flat = AWARDS[self.listed.level]
        if self.challenge["est_net_benefit_wan"] is None:
            return Fraction(flat)
        net, below, award = exact(self.done["net_benefit_wan"]), Fraction(0), Fraction(0)
        for limit, percent in TIERS:
            upper = net if limit is None else min(net, Fraction(limit))
            award += max(Fraction(0), upper - below) * percent / 100
            below = max(below, upper)
        return min(award, Fraction(cap))

    def row(self) -> Row:
        p, b = self.rates()
        kc, kt, v = KC[self.verdict], self.kt(), self.veto()
        kdual = GRID[band(p)][band(b)]
        fixed = AWARDS[self.listed.level][0]
        wan = (fixed + self.benefit()) * exact(kc) * exact(kt) * exact(kdual) * exact(v)
        cap = self.listed.row()["cap_yuan"]
        total = 0 if self.is_beaten else min(half_up(wan * 10_000), cap)
        problems = self.problems()
        return {
            "bid": self.bid["code"],
            "verdict": self.verdict,
            "Kc": kc,
            "Kt": kt,
            "Kdual": kdual,
            "V": v,
            "P": cents(p),
            "B": cents(b),
            "total_yuan": total,
            "instalments": self.instalments(total),
            "split_problems": problems,
            "shares": [] if problems or not total else self.shares(total),
        }

    def instalments(self, total: int) -> list[Row]:
        if self.listed.level == "C":
            return [{"kind": "acceptance", "yuan": total}]
        fixed = yuan(AWARDS[self.listed.level][0])
        paid = sum(
            half_up(Fraction(fixed, 5) * exact(one["pay_pct"]) / 100 * node(exact(one["score"])))
            for one in self.bid["milestones"]
        )
        first = half_up(Fraction(total * 7, 10))
        now = 0 if self.is_beaten else first - paid
        later = Fraction(total - first)
        realised, verified = self.bid.get("realised_wan"), self.done.get("net_benefit_wan")
        if realised is not None and verified and self.challenge["est_net_benefit_wan"] is not None:
            later *= min(Fraction(1), exact(realised) / exact(verified))
        parts = (
            ("milestones", paid),
            ("clawback" if now < 0 else "acceptance", now),
            ("post_evaluation", half_up(later)),
        )
        return [{"kind": kind, "yuan": amount} for kind, amount in parts]

    def problems(self) -> list[str]:
        members = self.bid["members"]
        share = {
            role: sum((exact(one["pct"]) for one in members if one["role"] == role), Fraction(0))
            for role in ("leader", "core", "support")
        }
        total = sum((exact(one["pct"]) for one in members), Fraction(0))
        found = {
            "S01": not 15 <= share["leader"] <= 35,
            "S02": share["leader"] + share["core"] < 60,
            "S03": any(exact(one["pct"]) < 1 for one in members),
            "S04": abs(total - 100) > Fraction(1, 100),
            "S05": share["support"] > 10,
        }
        return [code for code, is_so in found.items() if is_so]

    def shares(self, total: int) -> list[Row]:
        pcts = [exact(one["pct"]) for one in self.bid["members"]]
        return [
            {"person": one["person"], "yuan": amount}
            for one, amount in zip(self.bid["members"], largest_remainder(total, pcts), strict=True)
        ]


def largest_remainder(total: int, parts: Sequence[Fraction]) -> list[int]:
    due = [total * one / sum(parts) for one in parts]
    given = [one.__floor__() for one in due]
    for place in sorted(range(len(due)), key=lambda n: (given[n] - due[n], n))[: total - sum(given)]:
        given[place] += 1
    return given


def level(challenge: Row) -> str:
    benefit, units = exact(challenge["est_net_benefit_wan"] or 0), challenge["cross_units"]
    if challenge["safety_critical"] or challenge.get("strategic") or benefit >= 300 or units >= 3:
        return "A"
    return "B" if benefit >= 80 or units == 2 else "C"


def mean(bid: Row) -> Fraction:
    totals = sorted(
        sum((exact(seat[name]) * weight / 100 for name, weight in WEIGHTS.items()), Fraction(0))
        for seat in bid["scores"]
    )
    counted = totals[1:-1] if len(totals) >= 7 else totals
    return sum(counted, Fraction(0)) / len(counted)


def pledge(bid: Row) -> Fraction:
    return sum((exact(seat["pledge"]) for seat in bid["scores"]), Fraction(0)) / len(bid["scores"])


def band(rate: Fraction) -> int:
    return next((place for place, floor in enumerate((90, 80, 70)) if rate >= floor), 3)


def node(score: Fraction) -> Fraction:
    return Fraction(1) if score >= 70 else Fraction(1, 2) if score >= 60 else Fraction(0)
