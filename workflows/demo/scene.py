"""How people of the demo differ from those of a rehearsal: nodes in their time, a relisting, a stage to stay at."""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from workflows import clock
from workflows.demo.years import Years
from workflows.rehearsal.door import Item
from workflows.rehearsal.scene import Answer, Scene, not_before, subject

RELISTED_AWARD_FEN = 15_000_000  # 15 万元: the fixed award of the list that nobody took up
RELISTED_UNTIL = 12  # days from today
ONE_DAY = dt.timedelta(days=1)
REVIEWED_AFTER = -250  # days from today: what is reviewed later is the present year
EARLY = dt.timedelta(days=2)
CHAIRS = "role:admin_head"  # of meetings of the whole plant


@dataclass
class DemoScene(Scene):
    years: Years = field(kw_only=True)
    done: Counter[tuple[str, str]] = field(default_factory=Counter)  # answers by (code, step)

    def knows(self, step: str) -> bool:
        return step in OWN or super().knows(step)

    def answer(self, item: Item) -> Answer:
        given = OWN[item.step](self, item) if item.step in OWN else super().answer(item)
        if isinstance(given, dict) and (code := self._code(item)) is not None:
            self.done[code, item.step] += 1
        return given

    def person(self, item: Item) -> int:
        if item.step == "meeting.sign" and subject(item)[0] in ("campaigns", "meetings"):
            return self.world.holders[CHAIRS]
        return super().person(item)

    def holds(self, item: Item) -> bool:
        """Whether ``item`` is where its challenge, or its bid, stays for whoever looks at the demo."""
        code = self._code(item)
        if code is None:
            is_present = clock.today() > self.years.day(REVIEWED_AFTER)
            return item.step == "intake.triage" or (item.step == "campaign.review" and is_present)
        bid = next((one for one in self.years.bids() if one["code"] == code), None)
        if bid is not None and bid.get("until") == item.step:
            return True
        challenge = self.years.challenge(bid["challenge"] if bid is not None else code)
        is_there = challenge.get("hold") == item.step and challenge.get("hold_in") in (None, item.process)
        return is_there and self.done[code, item.step] >= challenge.get("hold_after", 0)

    def _code(self, item: Item) -> str | None:
        """The code of the bid, or else of the challenge, that ``item`` is about."""
        kind, number = subject(item)
        if kind == "challenges":
            return self.challenges.get(number)
        if kind in ("bids", "projects", "acceptances", "rewards"):
            return self.bid_of(item).code
        return None


def _work(scene: DemoScene, item: Item) -> Answer:
    """A node is handed in two days before it is due."""
    bid = scene.years.bid(scene.bid_of(item).code)
    dues = scene.years.node_dues(bid)
    due = dues[min(scene.done[bid["code"], item.step], len(dues) - 1)]
    return not_before(due - EARLY) or Scene.answer(scene, item)


def _plan(scene: DemoScene, item: Item) -> Answer:
    bid = scene.years.bid(scene.bid_of(item).code)
    rows: list[dict[str, Any]] = scene.prefilled(item)["rows"]
    start = scene.years.started_on(bid)
    for row, due in zip(rows, scene.years.node_dues(bid), strict=False):
        row["plan_start"], row["plan_due"] = start, due
        start = due + ONE_DAY
    return {"rows": rows}


def _relist(scene: DemoScene, _item: Item) -> Answer:
    return {
        "action": "raise",
        "fixed_award_fen": RELISTED_AWARD_FEN,
        "bid_to": scene.years.day(RELISTED_UNTIL),
        "opinion": "难度大、牵涉面广，加赏后重新发榜。",
    }


def _accept_objection(_scene: DemoScene, _item: Item) -> Answer:
    return {"accepted": True, "opinion": "实名异议，予以受理。"}


def _review_year(_scene: DemoScene, _item: Item) -> Answer:
    return {
        "summary": "三项榜单全部揭榜并通过验收，党建与生产经营两条线在项目组里合到了一处；明年扩大到全厂。"
    }


OWN: dict[str, Callable[[DemoScene, Item], Answer]] = {
    "campaign.review": _review_year,
    "delivery.work": _work,
    "pledge.plan": _plan,
    "publicity.accept": _accept_objection,
    "publish.no_bid": _relist,
}
