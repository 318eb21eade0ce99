"""激励: the cases with their totals, one case line by line, a split tried, and the lists of payments."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import Blueprint, render_template, request, url_for
from werkzeug import Response

from webapp import auth, db, downloads, formats, person_picks
from webapp.pages import PAGE_SIZE, Paging, one_of, page_number, tasks_on
from webapp.reward_terms import REWARD_STATES, stage_of
from workflows.domain import payouts, permissions, portions, reward_lists, rewards, rules, splits
from workflows.errors import Invalid
from workflows.models import RewardCase, User

pages = Blueprint("rewards", __name__)

REWARD = "/rewards/<int(min=1,max=2147483647):reward_id>"
PAYOUT = "/payouts/<int(min=1,max=2147483647):payout_id>"
PAID = {"": "全部", "no": "办理中", "yes": "已发放"}
MOST_MEMBERS = 50


@dataclass(frozen=True)
class TriedRow:
    name: str
    pct: Decimal
    amount_fen: int


@dataclass(frozen=True)
class Tried:
    """What a split comes to; ``messages`` say what keeps it from being judged."""

    rows: tuple[TriedRow, ...]
    sum_pct: Decimal
    problems: list[dict[str, Any]]
    asked: list[tuple[str, str]]
    messages: tuple[str, ...] = ()


@pages.get("/rewards")
def index() -> str:
    session, actor = db.session(), auth.actor()
    page, state = page_number(), one_of("state", REWARD_STATES)
    year, unit = (request.args.get(name, type=int) for name in ("year", "unit"))
    rows, total = reward_lists.listing(
        session, actor=actor, state=state, year=year, unit_id=unit, page=page, size=PAGE_SIZE
    )
    return render_template(
        "rewards/index.html",
        rows=rows,
        state=state,
        year=year,
        unit=unit,
        years=reward_lists.by_year(session, actor=actor),
        units=reward_lists.by_unit(session, actor=actor, year=year),
        reads_all=permissions.reads_rewards(session, actor),
        paging=Paging(page, total),
    )


@pages.get(REWARD)
def show(reward_id: int) -> str:
    session, actor = db.session(), auth.actor()
    case = rewards.get(session, reward_id, actor=actor)
    share = rules.setting(session, "split_confirm_share", at=case.project.rules_at)
    return render_template(
        "rewards/show.html",
        case=case,
        stage=stage_of(case.state),
        asked=splits.requirements(session, case) if case.splits else [],
        share=f"{formats.number(round(share * 100, 1))}%",
        tasks=tasks_on(url_for("rewards.show", reward_id=reward_id)),
        may_appeal=case.state in rewards.SETTLED and permissions.is_on_team(actor, case.project),
    )


@pages.post(f"{REWARD}/split-check")
def try_split(reward_id: int) -> str:
    """试算: what the split in the form comes to and what D13 says of it; nothing is kept.

    A part of a page for the script that asks with each change; a page with a way back without one.
    """
    case = rewards.get(db.session(), reward_id, actor=auth.actor())
    result = _tried(case)
    if request.headers.get("X-Fragment"):
        return render_template("rewards/split_result.html", result=result)
    item = request.args.get("item", type=int)
    sent = [(name, text) for name, text in request.form.items(multi=True) if name not in ("_key", "_rows")]
    return render_template(
        "rewards/split_check.html",
        case=case,
        result=result,
        sent=sent,
        back=url_for("work.rows", item_id=item) if item else "",
    )


@pages.get("/payouts")
def payouts_page() -> str:
    """发放清单: every payment that was made or is under way."""
    page, paid = page_number(), one_of("paid", PAID) or ""
    is_paid = {"yes": True, "no": False}.get(paid)
    rows, total = payouts.listing(
        db.session(), actor=auth.actor(), is_paid=is_paid, page=page, size=PAGE_SIZE
    )
    return render_template(
        "rewards/payouts.html", rows=rows, paid=paid, choices=PAID, paging=Paging(page, total)
    )


@pages.get(PAYOUT)
def payout_page(payout_id: int) -> str:
    batch = payouts.get(db.session(), payout_id, actor=auth.actor())
    return render_template("rewards/payout.html", batch=batch)


@pages.get(f"{PAYOUT}.xlsx")
def payout(payout_id: int) -> Response:
    """发放表: the list of a payment, as a download."""
    from workflows.domain import payout_lists  # openpyxl takes a while to import

    batch = payouts.get(db.session(), payout_id, actor=auth.actor())
    return downloads.send(
        payout_lists.write(batch), media_type=payout_lists.MEDIA_TYPE, name=f"发放表-{payout_id}.xlsx"
    )


def _tried(case: RewardCase) -> Tried:
    """The split of the form judged; rows that hold no person or no number are told and left out."""
    asked = splits.requirements(db.session(), case)
    team = splits.members(case)
    rows, messages = _sent_rows([one.user for one in team])
    total = sum((row["pct"] for row in rows), Decimal(0))
    if messages or not rows:
        return Tried((), total, [], asked, tuple(messages))
    try:
        problems = splits.problems(db.session(), case, rows=rows)
    except Invalid as refused:
        told = tuple(dict.fromkeys(one for found in refused.fields.values() for one in found))
        return Tried((), total, [], asked, told)
    names = {one.user_id: one.user.name for one in team}
    amounts = portions.shares(case.total_fen, [row["pct"] for row in rows])
    shown = [
        TriedRow(names[row["user_id"]], row["pct"], amount) for row, amount in zip(rows, amounts, strict=True)
    ]
    return Tried(tuple(shown), total, problems, asked)


def _sent_rows(team: Collection[User]) -> tuple[list[dict[str, Any]], list[str]]:
    rows: list[dict[str, Any]] = []
    messages: list[str] = []
    for number in range(MOST_MEMBERS):
        named, typed = (request.form.get(f"rows.{number}.{one}", "").strip() for one in ("user_id", "pct"))
        if not named and not typed:
            continue
        try:
            pct = Decimal(typed or "0")
        except InvalidOperation:
            pct = Decimal("NaN")
        user_id = person_picks.one_of(team, named)
        if user_id is None or not pct.is_finite():
            messages.append(f"第 {number + 1} 行请选择项目成员，并填写比例。")
        else:
            rows.append({"user_id": user_id, "pct": pct})
    return rows, messages
