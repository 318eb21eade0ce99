"""任务中心: the boxes of tasks, what they are narrowed to, and agreeing to several at once."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from webapp import agreements, auth, db, drafts
from webapp.pages import Paging, one_of, page_number, searched
from webapp.views.work import pages
from workflows import batches, begun, inboxes
from workflows.errors import Invalid
from workflows.inboxes import Filters, Kind

DRAFTS = "drafts"
BOXES = {"todo": "待办", "done": "已办", "started": "我发起", "copies": "抄送", DRAFTS: "草稿"}
ORDERS = {"due": "先到期的在前", "newest": "最新到达在前", "oldest": "最早到达在前"}
LONGEST_OPINION = 1000


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
    kind = {"process_name": request.form.get("process", ""), "step": request.form.get("step", "")}
    answers = agreements.give(ids, **kind, opinion=opinion)
    back = url_for("work.boxes", process=request.form.get("process"), step=request.form.get("step"))
    if not answers:
        flash(gettext("请先选择要同意的任务。"))
        return redirect(back)
    return render_template("work/agreed.html", answers=answers, back=back)


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
