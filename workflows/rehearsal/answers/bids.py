"""揭榜申报: as the file says, sealed at its instant by the last signature."""

from typing import Any

from workflows import clock
from workflows.rehearsal.door import Item
from workflows.rehearsal.scenario import Bid
from workflows.rehearsal.scene import Answer, Later, Never, Scene, answer


def begin(scene: Scene, bid: Bid) -> None:
    """我要揭榜, by the leader."""
    values = {"challenge_id": scene.challenge_id(bid.challenge)}
    if bid.unit != scene.scenario.people[bid.leader].unit:
        values["unit_id"] = scene.world.units[bid.unit]
    begun = scene.door.start("bid", values, by=scene.world.people[bid.leader])
    scene.bids[int(begun.subject_path.rpartition("/")[2])] = bid.code


def withdraw(scene: Scene, bid: Bid) -> None:
    """撤回 of a bid that has been begun, by the leader."""
    bid_id = next(one for one, code in scene.bids.items() if code == bid.code)
    scene.door.withdraw_bid(bid_id, by=scene.world.people[bid.leader])


@answer("bid.form_team")
def form_team(scene: Scene, item: Item) -> Answer:
    rows = [
        {"user_id": scene.world.people[one.person], "role": one.role, "workload_pct": one.workload_pct}
        for one in scene.bid_of(item).members
    ]
    return {"members": rows}


@answer("bid.confirm")
def confirm(scene: Scene, item: Item) -> Answer:
    who = scene.person(item)
    member = next(one for one in scene.bid_of(item).members if scene.world.people[one.person] == who)
    return {"accept": True} if member.confirms else Never()


@answer("bid.write")
def write(scene: Scene, item: Item) -> Answer:
    bid, challenge = scene.bid_of(item), scene.challenge_of(item)
    ids = [row["indicator_id"] for row in scene.prefilled(item)["pledge"]]  # in the order of the challenge
    pledged = [bid.pledges[one.name] for one in challenge.indicators]
    return {
        "tech_route": f"{challenge.title}：按节点实施。",
        "milestones": _milestones(bid, (challenge.deadline - bid.started_on).days),
        "budget_lines": [{"item": "项目经费", "amount_fen": challenge.budget_fen}],
        "pledge": [
            {"indicator_id": one, "value": str(value)} for one, value in zip(ids, pledged, strict=True)
        ],
        "deposit_ok": True,
    }


def _milestones(bid: Bid, days: int) -> list[dict[str, Any]]:
    """The nodes of the file, spread over the days of the project."""
    count = len(bid.milestones)
    return [
        {
            "name": one.name,
            "offset_days": max(1, days * number // count),
            "deliverable": f"{one.name}报告",
            "pay_pct": str(one.pay_pct),
        }
        for number, one in enumerate(bid.milestones, start=1)
    ]


@answer("bid.send_to_sign")
def send_to_sign(_scene: Scene, _item: Item) -> Answer:
    return {"proceed": True}


@answer("bid.sign")
def sign(scene: Scene, item: Item) -> Answer:
    bid = scene.bid_of(item)
    is_last = item.audience.startswith("role:admin_head")
    if is_last and clock.now() < bid.sealed_at:
        return Later(bid.sealed_at)
    return {"agree": True}


@answer("bid.review")
def review(_scene: Scene, _item: Item) -> Answer:
    return {"passed": True}


@answer("bid.query")
def accept_result(_scene: Scene, _item: Item) -> Answer:
    return {"asks": False}
