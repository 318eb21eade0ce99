"""Campaign years (年度) and their batches (批次): planned by the office, approved, run by the clock, summed up."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from workflows import clock, db
from workflows.domain import notices, paging, permissions, year_figures, year_plans
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import Batch, CampaignYear, MonthlyPack, Problem, ProblemState, User, YearState

PUBLIC = (YearState.OPEN, YearState.REVIEWING, YearState.CLOSED)


def draft(session: Session, values: Mapping[str, Any], *, actor: User) -> CampaignYear:
    """编制: the plan of a year; ``values`` as steps' YearForm. One that was rejected is planned anew.

    Raises Forbidden unless ``actor`` is of the office, Conflict for a year that has a plan, Invalid for weights
    that do not sum to 100, or batches out of order.
    """
    if not permissions.may_plan_year(session, actor):
        raise Forbidden("只有揭榜挂帅办公室可以编制年度计划。")
    year = _hold_plan(session, values)
    if year.state != YearState.REJECTED:
        raise Conflict(f"{year.year} 年度已有计划，不能重复编制。")
    values = year_plans.completed(session, values)
    year_plans.check(values)
    year.state = YearState.DRAFT
    _fill(session, year, values)
    return year


def _hold_plan(session: Session, values: Mapping[str, Any]) -> CampaignYear:
    """The year as nobody else can plan it now; one that has no plan yet counts as rejected."""
    fresh = {name: values[name] for name in ("year", "theme", "pool_fen")}
    db.insert_if_missing(session, CampaignYear, {**fresh, "emphasis": {}, "state": YearState.REJECTED})
    query = select(CampaignYear).where(CampaignYear.year == values["year"])
    return session.scalars(query.with_for_update(of=CampaignYear)).one()


def revise(session: Session, year: CampaignYear, values: Mapping[str, Any]) -> None:
    """修改: after the approval returned it. Raises Conflict in any other state, Invalid as ``draft``."""
    _expect(year, YearState.RETURNED)
    if values["year"] != year.year:
        raise Invalid({"year": ["不能改成别的年度，请另行编制。"]})
    values = year_plans.completed(session, values)
    year_plans.check(values)
    year.state = YearState.DRAFT
    _fill(session, year, values)


def planned(year: CampaignYear) -> dict[str, Any]:
    """The plan as steps' YearForm holds it."""
    return {
        "year": year.year,
        "theme": year.theme,
        "emphasis": [{"aim": aim, "weight": weight} for aim, weight in year.emphasis.items()],
        "pool_fen": year.pool_fen,
        "batches": [{name: getattr(one, name) for name in year_plans.DAYS} for one in year.batches],
    }


def hand_back(year: CampaignYear) -> None:
    """退回: the approval asks for changes."""
    _expect(year, YearState.DRAFT)
    year.state = YearState.RETURNED


def reject(year: CampaignYear) -> None:
    """否决: the plan is not approved."""
    _expect(year, YearState.DRAFT)
    year.state = YearState.REJECTED


def open_year(year: CampaignYear) -> None:
    """开始: the plan is approved; its batches follow their days."""
    _expect(year, YearState.DRAFT)
    year.state, year.opened_at = YearState.OPEN, clock.now()


def ends_at(year: CampaignYear) -> dt.datetime:
    """The first instant after the year at the plant."""
    return clock.end_of(dt.date(year.year, 12, 31))


def prepare_pack(session: Session, year: CampaignYear) -> MonthlyPack:
    """备会: keep the figures of today for the monthly meeting; a second one in a month takes the place of the first."""
    _expect(year, YearState.OPEN)
    month = clock.today().replace(day=1)
    known = select(MonthlyPack).where(MonthlyPack.year_id == year.id, MonthlyPack.month == month)
    pack = session.scalars(known).one_or_none() or MonthlyPack(year_id=year.id, month=month)
    pack.prepared_at, pack.figures = clock.now(), year_figures.of_month(session, year)
    session.add(pack)
    session.flush()
    return pack


def end_year(year: CampaignYear) -> None:
    """年度结束: what is left is to sum it up."""
    _expect(year, YearState.OPEN)
    year.state = YearState.REVIEWING


def review(session: Session, year: CampaignYear, *, text: str) -> None:
    """年度总结: keep the figures of the year with what the office says of them."""
    _expect(year, YearState.REVIEWING)
    year.summary = {**year_figures.of_year(session, year), "text": text}


def close(year: CampaignYear) -> None:
    """关闭: after the summary."""
    _expect(year, YearState.REVIEWING)
    year.state, year.closed_at = YearState.CLOSED, clock.now()


def open_batch(batch: Batch) -> None:
    """征集开始: problems raised from now on belong to it."""
    batch.state = "open"


def close_batch(session: Session, batch: Batch) -> None:
    """征集截止: no problem joins it any more; those in it go on. The office is told how many wait for triage."""
    batch.state = "closed"
    counted = select(func.count()).where(Problem.batch_id == batch.id)
    total = session.scalar(counted) or 0
    waiting = session.scalar(counted.where(Problem.state == ProblemState.SUBMITTED)) or 0
    text = f"{batch.year.year} 年第 {batch.no} 批征集已截止：共 {total} 项难题，{waiting} 项待点题。"
    for one in permissions.holders(session, "office", None):
        notices.send(session, one.id, text=text, link=f"/campaigns/{batch.year_id}", kind="challenge")


def batch_for_intake(session: Session, batch_id: int | None) -> Batch | None:
    """The batch that a problem raised now belongs to: the one named, else the one that is open, else none.

    Raises Invalid for an unknown one, Conflict with its days for one that is not open.
    """
    if batch_id is None:
        return session.scalars(select(Batch).where(Batch.state == "open").order_by(Batch.id.desc())).first()
    batch = session.get(Batch, batch_id)
    if batch is None:
        raise Invalid({"batch_id": ["没有这个批次。"]})
    if batch.state != "open":
        raise Conflict(
            f"这一批次的征集期是 {batch.intake_from:%Y-%m-%d} 至 {batch.intake_to:%Y-%m-%d}，"
            "现在不接受填报；不选批次即可随时填报。"
        )
    return batch


def get(session: Session, year_id: int, *, actor: User) -> CampaignYear:
    """The year with its batches. Raises NotFound for a plan that ``actor`` may not see yet."""
    query = select(CampaignYear).where(CampaignYear.id == year_id, _seen_by(session, actor))
    year = session.scalars(query.options(selectinload(CampaignYear.batches))).one_or_none()
    if year is None:
        raise NotFound("没有找到这个年度。")
    return year


def packs(session: Session, year: CampaignYear, *, actor: User) -> Sequence[MonthlyPack]:
    """What was prepared for its monthly meetings. Raises NotFound for who may not see the figures."""
    if not permissions.may_read_packs(session, actor):
        raise NotFound("没有找到例会材料。")
    query = select(MonthlyPack).where(MonthlyPack.year_id == year.id)
    return session.scalars(query.order_by(MonthlyPack.month)).all()


def listing(
    session: Session, *, actor: User, state: str | None = None, page: int = 1, size: int = 20
) -> tuple[Sequence[CampaignYear], int]:
    """The years that ``actor`` may see, the newest first, with how many there are; pages count from 1."""
    query = select(CampaignYear).where(_seen_by(session, actor))
    if state is not None:
        query = query.where(CampaignYear.state == state)
    return paging.page_of(
        session,
        query.order_by(CampaignYear.year.desc()).options(selectinload(CampaignYear.batches)),
        page=page,
        size=size,
    )


def batches(
    session: Session,
    *,
    actor: User,
    year_id: int | None = None,
    state: str | None = None,
    page: int = 1,
    size: int = 20,
) -> tuple[Sequence[Batch], int]:
    """The batches of the years that ``actor`` may see, the newest first, with how many there are."""
    query = select(Batch).join(Batch.year).where(_seen_by(session, actor))
    wanted = {Batch.year_id: year_id, Batch.state: state}
    query = query.where(*(column == value for column, value in wanted.items() if value is not None))
    return paging.page_of(
        session, query.order_by(CampaignYear.year.desc(), Batch.no.desc()), page=page, size=size
    )


def batch(session: Session, batch_id: int, *, actor: User) -> Batch:
    """One batch. Raises NotFound for one of a plan that ``actor`` may not see yet."""
    query = select(Batch).join(Batch.year).where(Batch.id == batch_id, _seen_by(session, actor))
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotFound("没有找到这个批次。")
    return found


def _fill(session: Session, year: CampaignYear, values: Mapping[str, Any]) -> None:
    year.theme, year.pool_fen = values["theme"], values["pool_fen"]
    year.emphasis = {row["aim"]: row["weight"] for row in values["emphasis"]}
    year.batches.clear()
    session.flush()
    year.batches = [Batch(no=no, **row) for no, row in enumerate(values["batches"], start=1)]
    session.flush()


def _seen_by(session: Session, actor: User) -> Any:
    """The SQL condition: everybody once it has begun; its plan those who draw it up and approve it."""
    if permissions.may_read_packs(session, actor):
        return CampaignYear.id.is_not(None)
    return CampaignYear.state.in_(PUBLIC)


def _expect(year: CampaignYear, state: YearState) -> None:
    if year.state != state:
        raise Conflict("年度当前的状态不允许这样做，请刷新页面。")
