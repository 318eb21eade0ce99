"""Every task of a reward, an appraisal and a veto has a page on which its person can do it."""

from flask import Flask

from tests import factories, play
from tests.processes import rewarding
from tests.processes.cast import Cast
from tests.web.browsing import Enter, text_of
from workflows.db import Database
from workflows.models import User


def _page(enter: Enter, database: Database, step: str, user_id: int) -> str:
    """The text of the page on which ``user_id`` does ``step``."""
    with database.read() as session:
        item_id = play.item_of(session, step, session.get_one(User, user_id))
    visitor = enter(user_id)
    answer = visitor.get(f"/work/{item_id}")
    assert answer.status_code == 200
    return text_of(answer.text)


def test_every_task_of_a_reward_has_its_page(
    enter: Enter, app: Flask, database: Database, cast: Cast
) -> None:
    team = rewarding.gather(database, cast, level="C", benefit_wan=10)
    process = rewarding.begin(database, team)
    assert "上列否决事项" in _page(enter, database, "reward.confirm_veto", cast.hse)
    rewarding.check_vetoes(database, cast, process)
    sheet = _page(enter, database, "reward.sheet", cast.leader)
    assert (
        "时效系数 Kt 1 计划 319 天，申请验收在期限当天，时效系数 1 为什么 ：时效系数 Kt 决策表 时效系数 Kt 第 1 版"
        in sheet
    )
    play.complete(database, "reward.sheet", by=cast.leader, confirm=False, opinion="偏低")
    assert "偏低" in _page(enter, database, "reward.appeal", team.assessment)
    play.complete(database, "reward.appeal", by=team.assessment, opinion="无误")
    assert "更正后的验收得分" in _page(enter, database, "reward.decide_appeal", cast.party_committee)
    play.complete(database, "reward.decide_appeal", by=cast.party_committee, won=False, opinion="维持")
    assert "每位成员一行，比例合计 100%；谁是科级以上管理人员，以人力资源登记的为准。" in _page(
        enter, database, "reward.split", cast.leader
    )
    play.complete(database, "reward.split", by=cast.leader, rows=rewarding.rows(cast))
    assert "0.69 万元" in _page(enter, database, "reward.confirm_share", cast.members[0])
    for member in cast.members[:3]:
        play.complete(database, "reward.confirm_share", by=member, agree=True)
    assert "意见说明" in _page(enter, database, "reward.unit", cast.party_secretary)
    for head in (cast.party_secretary, cast.admin_head):
        play.complete(database, "reward.unit", by=head, process=process, agree=True)
    rewarding.approve(database, process)
    assert "已核对发放名单和个人所得税" in _page(enter, database, "reward.batch", cast.hr)
    assert "回单" in _page(enter, database, "reward.batch", cast.finance)
    visitor = enter(cast.leader)
    assert visitor.get(f"/act/appeal?project_id={team.project_id}").status_code == 200


def test_every_task_of_an_appraisal_and_a_veto_has_its_page(
    enter: Enter, app: Flask, database: Database, cast: Cast
) -> None:
    with database.transaction() as session:
        assessment = factories.user(session, roles=["assessment"]).id
    for name, actor in (("appraisal", assessment), ("veto", cast.hse)):
        visitor = enter(actor)
        assert visitor.get(f"/start/{name}").status_code == 200
    play.start(database, "appraisal", by=assessment, unit_id=cast.unit_id, period="2026")
    assert "每一归口类别一行，0 至 100 分。" in _page(enter, database, "appraisal.score", cast.finance)
    proof = rewarding.receipt(database, cast.hse)
    facts = {"clause": "V06", "unit_id": cast.unit_id, "facts": "一人轻伤", "effective_on": "2026-11-20"}
    play.start(database, "veto", by=cast.hse, **facts, evidence=proof)
    assert "一人轻伤" in _page(enter, database, "veto.confirm", cast.supervision)
