"""/rewards: a sheet with its formula and the rules behind it, a split tried before it is sent, totals, pay-out lists."""

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests import factories, play
from tests.processes import rewarding
from tests.processes.cast import Cast
from tests.web.browsing import Enter, text_of
from workflows import clock
from workflows.db import Database
from workflows.models import CampaignYear, PayoutBatch, User


@pytest.fixture
def measured(database: Database, cast: Cast) -> int:
    """A case whose leader is asked for a split; the id of its process."""
    team = rewarding.gather(database, cast, level="C", benefit_wan=10)
    process = rewarding.begin(database, team)
    rewarding.check_vetoes(database, cast, process)
    play.complete(database, "reward.sheet", by=cast.leader, confirm=True)
    return process


def picked(database: Database, user_id: int) -> str:
    with database.read() as session:
        user = session.get_one(User, user_id)
        return f"{user.name} · {user.unit.name} · {user.login}"


def shares(database: Database, cast: Cast, *pcts: str) -> dict[str, Any]:
    """The form of a split: its leader first, then the members."""
    people = [cast.leader, *cast.members]
    sent = {f"rows.{n}.user_id": picked(database, one) for n, one in enumerate(people)}
    return {**sent, **{f"rows.{n}.pct": pct for n, pct in enumerate(pcts)}}


def test_the_sheet_tells_its_formula_its_evidence_and_its_rules(
    enter: Enter, app: Flask, database: Database, cast: Cast, measured: int
) -> None:
    leader = enter(cast.leader)
    page = leader.get("/rewards/1").text
    text = text_of(page)
    assert "（ 1.5 固定奖 ＋ 0.8 创效奖 ） × 1 验收系数 Kc × 1 时效系数 Kt × 1 双挂钩系数 Kdual" in text
    assert (
        "时效系数 Kt 第 1 版 命中的规则 第 2 行 · 按期 延误比例：-0.1 至 0（不含 -0.1） 依据的数据 延误比例： 0"
        in text
    )
    rule = re.search(r'<a href="(/rules/\d+)#r-timeliness_in_time">', page)
    assert rule is not None
    assert 'id="r-timeliness_in_time"' in leader.get(rule[1]).text
    assert "● " not in text
    assert re.search(r'<li aria-current="step" class="">分配中</li>', page) is not None


def test_a_split_is_tried_with_and_without_a_script(
    enter: Enter, app: Flask, database: Database, cast: Cast, measured: int
) -> None:
    leader = enter(cast.leader)
    with database.read() as session:
        item = play.item_of(session, "reward.split", session.get_one(User, cast.leader))
    path = f"/rewards/1/split-check?item={item}"
    task = leader.get(f"/work/{item}").text
    assert f'data-island="split" data-url="{path.replace("&", "&amp;")}"' in task
    count = len(cast.members) + 1
    even = [str(100 // count)] * count
    sent = shares(database, cast, *even)

    part = leader.post(path, sent, headers={"X-Fragment": "1"}).text
    assert "<html" not in part
    assert f"比例合计 {100 // count * count}%" in text_of(part)
    page = leader.post(path, {**sent, "rows.0.pct": "50"})
    told = text_of(page.text)
    assert "✕ 不符合 挂帅人的比例应在 15% 至 35% 之间。" in told
    assert "✓ 符合 每位成员不能低于 1%。" in told
    assert f'action="/work/{item}/rows"' in page.text
    assert 'name="rows.0.pct" value="50"' in page.text

    missing = leader.post(path, {**sent, "rows.1.user_id": "", "rows.1.pct": ""})
    assert "方案中缺少成员" in text_of(missing.text)
    unknown = leader.post(path, {**sent, "rows.1.user_id": "张三", "rows.2.pct": "x"})
    assert "第 2 行请选择项目成员，并填写比例。 第 3 行请选择项目成员" in text_of(unknown.text)
    stranger = enter(play_stranger(database))
    assert stranger.post(path, sent).status_code == 404


def play_stranger(database: Database) -> int:
    with database.transaction() as session:
        return factories.user(session).id


def test_totals_stand_by_year_and_unit_and_payments_have_a_list(
    enter: Enter, app: Flask, database: Database, cast: Cast, measured: int
) -> None:
    play.complete(database, "reward.split", by=cast.leader, rows=rewarding.rows(cast))
    for member in cast.members[:3]:
        play.complete(database, "reward.confirm_share", by=member, agree=True)
    for head in (cast.party_secretary, cast.admin_head):
        play.complete(database, "reward.unit", by=head, process=measured, agree=True)
    rewarding.approve(database, measured)
    with database.transaction() as session:
        batch = session.scalars(select(PayoutBatch)).one().id
        challenge = session.scalars(select(PayoutBatch)).one().case.project.challenge
        year = clock.local(challenge.published_at or clock.now()).year
        session.add(CampaignYear(year=year, theme="融合年", emphasis={}, pool_fen=10**9))
        office = factories.user(session, roles=["office"]).id
    visitor = enter(office)
    listed = text_of(visitor.get("/rewards").text)
    assert f"{year} 年度 1 2.3 万元 0 万元 –" in listed
    assert f"{cast_unit(database, cast)} 1 2.3 万元 0 万元 –" in listed
    assert "没有激励案" in visitor.get(f"/rewards?year={year + 1}").text
    assert "没有激励案" not in visitor.get(f"/rewards?year={year}&unit={cast.unit_id}").text
    paid = visitor.get("/payouts").text
    assert f'href="/payouts/{batch}"' in paid
    assert "没有发放批次" in visitor.get("/payouts?paid=yes").text
    shown = text_of(visitor.get(f"/payouts/{batch}").text)
    assert "合计 23,000" in shown
    assert enter(play_stranger(database)).get("/payouts").status_code == 403


def cast_unit(database: Database, cast: Cast) -> str:
    with database.read() as session:
        return session.get_one(User, cast.leader).unit.name
