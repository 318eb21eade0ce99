"""任务中心: the boxes of tasks, what they are narrowed to, and agreeing to several at once."""

from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.exc import OperationalError

from webapp import auth, db, drafts, logs
from webapp.pages import Paging, one_of, page_number, searched
from webapp.views.work import pages
from workflows import batches, begun, inboxes, watch, work
from workflows.errors import Invalid, Refusal
from workflows.inboxes import Filters, Kind

DRAFTS = "drafts"
BOXES = {"todo": "待办", "done": "已办", "started": "我发起", "copies": "抄送", DRAFTS: "草稿"}
ORDERS = {"due": "先到期的在前", "newest": "最新到达在前", "oldest": "最早到达在前"}
LONGEST_OPINION = 1000
FAILED = "系统出错，这一项没有办成。请稍后重试，或告诉管理员。"


@dataclass(frozen=True)
class Answer:
    """What came of agreeing to one item; ``refusal`` None when it is done."""

    item_id: int
    subject: str
    refusal: str | None


@pages.get("/work")
def boxes() -> str:
    box = one_of("box", BOXES) or "todo"
    if box == DRAFTS:
        return _drafts()
    kinds = inboxes.kinds(db.session(), auth.actor(), box=box)
    filters, page = _filters(kinds), page_number()
    inbox = inboxes.inbox(db.session(), auth.actor(), box=box, page=page, filters=filters)
    chosen = [one for one in kinds if _is_of(one, filters)]
    return render_template(
        "work/boxes.html",
        inbox=inbox,
        box=box,
        boxes=BOXES,
        counts=_counts(inbox),
        filters=filters,
        is_narrowed=filters != Filters(),
        kinds=kinds,
        orders=ORDERS,
        batch=chosen[0] if box == "todo" and len(chosen) == 1 and chosen[0].may_agree else None,
        agreeable=[one for one in kinds if one.may_agree and one.number > 1] if box == "todo" else [],
        all_chosen=request.args.get("choose") == "all",
        paging=Paging(page, inbox.total),
    )


@pages.post("/work/agreements")
def agree() -> ResponseReturnValue:
    """Agree to the chosen tasks, each by itself, and tell of each what came of it.

    Not once per key: every task is committed alone, and agreeing to one again does nothing.
    """
    ids = list(dict.fromkeys(request.form.getlist("item", type=int)))[: batches.MOST]
    opinion = request.form.get("opinion", "").strip()
    if len(opinion) > LONGEST_OPINION:
        raise Invalid({}, f"意见最多 {LONGEST_OPINION} 个字，请精简后再提交。")
    answers = [_agree(item_id, opinion) for item_id in sorted(ids)]
    back = url_for("work.boxes", process=request.form.get("process"), step=request.form.get("step"))
    if not answers:
        flash(gettext("请先选择要同意的任务。"))
        return redirect(back)
    return render_template("work/agreed.html", answers=answers, back=back)


def _agree(item_id: int, opinion: str) -> Answer:
    """One of them, in a transaction of its own."""
    session, refusal = db.session(), None
    kind = {"process_name": request.form.get("process", ""), "step": request.form.get("step", "")}
    try:
        batches.agree(session, item_id, **kind, opinion=opinion, actor=auth.actor())
        session.commit()
    except Refusal as error:
        session.rollback()
        refusal = str(error)
    except work.StepFailed as error:
        session.rollback()
        watch.report(db.database(), error)
        refusal = FAILED
    except OperationalError:  # the database is away: nothing is wrong with the task
        raise
    except Exception:  # one bad task must not keep what became of the others from being told
        logs.logger.exception("agreement failed", item_id=item_id)
        session.rollback()
        refusal = FAILED
    return Answer(item_id, batches.subject_of(session, item_id, actor=auth.actor()), refusal)


def _drafts() -> str:
    kept = [(one, drafts.ticket(one.place)) for one in begun.rows(db.session(), auth.actor())]
    counts = _counts(inboxes.inbox(db.session(), auth.actor(), size=1))
    return render_template("work/drafts.html", box=DRAFTS, boxes=BOXES, counts=counts, begun=kept)


def _counts(inbox: inboxes.Inbox) -> dict[str, int]:
    return {**inbox.counts, DRAFTS: begun.count(db.session(), auth.actor())}


def _filters(kinds: list[Kind]) -> Filters:
    process = one_of("process", {one.process_name for one in kinds})
    steps = {one.step for one in kinds if one.step and process in (None, one.process_name)}
    return Filters(
        q=searched(),
        process_name=process,
        step=one_of("step", steps),
        overdue=request.args.get("overdue") == "1",
        order=one_of("order", ORDERS),
    )


def _is_of(kind: Kind, filters: Filters) -> bool:
    return filters.step == kind.step and filters.process_name in (None, kind.process_name)
