"""/appraisals: by year and period; one with its categories, what is open or late, and how its factor comes about."""

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal

import pytest

from tests import factories, play
from tests.web.browsing import Visitor, text_of
from workflows import clock, watch
from workflows.db import Database
from workflows.domain import appraisals
from workflows.models import Appraisal, CategoryScore

Visit = Callable[[], Visitor]


@pytest.fixture
def office(database: Database, clock_at: Callable[..., None], visit: Visit) -> Visitor:
    watch.install(database)
    with database.transaction() as session:
        factories.user(session, login="office", roles=["office", "assessment"])
    visitor = visit()
    visitor.sign_in("office")
    return visitor


def scored(database: Database, period: str) -> int:
    """A published appraisal of unit 1 with 90 in every category of either side."""
    with database.transaction() as session:
        first, last = appraisals.days_of(period)
        made = Appraisal(unit_id=1, period=period, period_from=first, period_to=last, opened_at=clock.now())
        made.opened_by_id, made.state = 1, "published"
        made.p = made.b = Decimal(90)
        made.kdual, made.v, made.published_at = Decimal("1.2"), Decimal("0.5"), clock.now()
        session.add(made)
        session.flush()
        for row in appraisals.categories(session, made):
            by = {"owner": row["owner"], "scored_by_id": 1, "scored_at": clock.now()}
            made.scores.append(CategoryScore(category=row["category"], score=Decimal(90), **by))
        return made.id


def test_a_published_one_tells_how_its_factor_came_about(office: Visitor, database: Database) -> None:
    earlier, later = scored(database, "2026Q1"), scored(database, "2026Q2")
    page = office.get(f"/appraisals/{later}").text
    text = text_of(page)
    assert "P 90 ∩ B 90 → Kdual 1.2" in text
    assert "1.2 × 0.5 ＝ 0.6" in text
    assert "▶ 1.2 本单位" in text
    assert "P ＝ 20% × 90 ＋ 20% × 90" in text
    assert "A1 政治建设与理论武装 20% 党群工作部 90 90 ✓ 已评分" in text
    assert f'href="/appraisals/{earlier}"' in page
    listed = text_of(office.get("/appraisals?period=2026Q1").text)
    assert ("2026Q1 单位" in listed, "2026Q2 单位" in listed) == (True, False)
    assert "没有考评" in office.get("/appraisals?year=2025").text


def test_one_under_way_tells_who_has_to_score_and_who_is_late(
    office: Visitor, database: Database, clock_at: Callable[..., None]
) -> None:
    with database.transaction() as session:
        for role in ("finance", "party_affairs", "hr", "supervision", "production", "hse", "metering"):
            factories.user(session, roles=[role])
    play.start(database, "appraisal", by=1, unit_id=1, period="2026")
    text = text_of(office.get("/appraisals/1").text)
    assert "B3 成本与效益 15% 财务 – ○ 待评分 期限" in text
    clock_at(clock.now() + dt.timedelta(days=60))
    assert "B3 成本与效益 15% 财务 – ✕ 逾期未评 期限" in text_of(office.get("/appraisals/1").text)


def test_who_scores_chooses_among_the_categories_of_their_own(
    office: Visitor, visit: Visit, database: Database
) -> None:
    with database.transaction() as session:
        for role in ("party_affairs", "hr", "supervision", "production", "hse", "metering"):
            factories.user(session, roles=[role])
        factories.user(session, login="finance", roles=["finance"])
    play.start(database, "appraisal", by=1, unit_id=1, period="2026")
    visitor = visit()
    visitor.sign_in("finance")
    task = visitor.get("/work").text.split('href="/work/')[1].split('"')[0]
    page = visitor.get(f"/work/{task}").text
    offered = re.findall(r'<option value="([AB]\d)"(?: selected)?>([^<]+)<', page)
    assert set(offered) == {("B2", "B2 市场销售与气费回收"), ("B3", "B3 成本与效益")}
