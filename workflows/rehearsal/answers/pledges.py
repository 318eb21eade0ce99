"""军令状签订与启动: everybody signs at once; the kick-off is on the day of the file."""

from workflows import clock
from workflows.rehearsal.door import Item
from workflows.rehearsal.reading import ScenarioError
from workflows.rehearsal.scene import Answer, Scene, answer


@answer("pledge.negotiate")
def negotiate(scene: Scene, item: Item) -> Answer:
    bid = scene.bid_of(item)
    if bid.unit not in scene.scenario.appraisals:
        raise ScenarioError(f"{bid.path}.unit: it has won, and {bid.unit} has no appraisal")
    return {
        "tech_power": "技术路线由挂帅人决定。",
        "funds_power": "预算之内由挂帅人支配。",
        "people_power": "团队成员由挂帅人调配。",
        "penalties": "未通过验收的，退回预付的激励。",
        "deposit_fen": 0,
    }


@answer("pledge.answer_terms", "pledge.confirm_plan")
def agree(_scene: Scene, _item: Item) -> Answer:
    return {"agree": True}


@answer("pledge.check")
def check(_scene: Scene, _item: Item) -> Answer:
    return {"passed": True}


@answer("pledge.sign")
def sign(_scene: Scene, _item: Item) -> Answer:
    return {"sign": True}


@answer("pledge.plan")
def plan(scene: Scene, item: Item) -> Answer:
    return {"rows": scene.prefilled(item)["rows"]}


@answer("pledge.fund", "delivery.release")
def pay(_scene: Scene, _item: Item) -> Answer:
    return {"paid_on": clock.today()}
