"""运维: running processes, what failed, what is due; for administrators."""

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug import Response

from webapp import auth, db, diagrams, heat, idempotency
from webapp.pages import Paging, one_of, page_number, searched
from webapp.state_terms import PROCESS_STATES
from workflows import heat_maps, operations, timelines
from workflows.domain import permissions

pages = Blueprint("operations", __name__)

SHOWN = 50  # on a page
SPANS = {"30": "30 天", "90": "90 天", "365": "一年", "all": "全部时间"}
WORKER_KINDS = {
    "embedded": "网站进程",
    "worker": "后台进程",
    "relay": "派发进程",
    "celery": "消息队列后的后台进程",
}
QUEUES = {"message": "消息", "delivery": "投递", "due": "定时", "reminder": "提醒", "mail": "邮件"}
DEFINITION = "/operations/definitions/<string(maxlength=60):process>"
PROCESS = "/operations/processes/<int(min=1,max=2147483647):process_id>"


@pages.get("/operations")
def index() -> str:
    session, actor, page = db.session(), auth.actor(), page_number()
    failed, total = operations.incident_page(session, actor=actor, page=page, size=SHOWN)
    return render_template(
        "operations/index.html",
        pulse=operations.pulse(session, actor=actor),
        incidents=failed,
        paging=Paging(page, total, SHOWN),
        retryable=operations.retryable(session, actor=actor),
        is_by_hand=operations.is_by_hand,
    )


@pages.post("/operations/incidents/<int(min=1,max=2147483647):incident_id>/retry")
@idempotency.once
def retry(incident_id: int) -> Response:
    operations.retry(db.session(), incident_id, actor=auth.actor())
    flash(gettext("已安排重试。"))
    return make_response(redirect(url_for("operations.index")))


@pages.post("/operations/incidents/retry")
@idempotency.once
def retry_all() -> Response:
    number = operations.retry_all(db.session(), actor=auth.actor())
    flash(gettext("已安排重试 %(n)s 项。", n=number))
    return make_response(redirect(url_for("operations.index")))


@pages.get("/operations/processes")
def processes() -> str:
    session, actor, page = db.session(), auth.actor(), page_number()
    wish = operations.Wish(
        process=one_of("process", operations.titles()),
        status=one_of("status", PROCESS_STATES),
        troubled="troubled" in request.args,
        q=searched(),
    )
    rows, total = operations.processes(session, actor=actor, wish=wish, page=page, size=SHOWN)
    paging = Paging(page, total, SHOWN)
    return render_template(
        "operations/processes.html", rows=rows, wish=wish, titles=operations.titles(), paging=paging
    )


@pages.get("/operations/timers")
def timers() -> str:
    page = page_number()
    rows, total = operations.timers(db.session(), actor=auth.actor(), page=page, size=SHOWN)
    paging = Paging(page, total, SHOWN)
    return render_template("operations/timers.html", rows=rows, titles=operations.titles(), paging=paging)


@pages.get("/operations/workers")
def workers() -> str:
    session, actor = db.session(), auth.actor()
    known = operations.workers_known(session, actor=actor)
    return render_template(
        "operations/workers.html",
        known=known,
        kinds=WORKER_KINDS,
        alive=sum(one.is_alive and one.kind != "relay" for one in known),
        queues=operations.pulse(session, actor=actor).queues,
        titles=QUEUES,
    )


@pages.get(PROCESS)
def process(process_id: int) -> str:
    return render_template(
        "operations/process.html",
        shown=operations.shown(db.session(), process_id, actor=auth.actor()),
        roles=permissions.ROLES,
        verbs=timelines.VERBS,
        told=operations.TOLD,
        is_by_hand=operations.is_by_hand,
    )


@pages.get(f"{PROCESS}/diagram")
def diagram(process_id: int) -> Response:
    return diagrams.answer(operations.sheets(db.session(), process_id, actor=auth.actor()))


@pages.get("/operations/steps")
def steps() -> str:
    span = one_of("days", SPANS) or "365"
    sort = one_of("sort", heat_maps.SORTS) or "median"
    slow = heat_maps.slow(db.session(), actor=auth.actor(), days=_days(span), sort=sort)
    return render_template("operations/steps.html", slow=slow, span=span, sort=sort, spans=SPANS)


@pages.get(DEFINITION)
def definition(process: str) -> str:
    span, by = one_of("days", SPANS) or "365", one_of("by", heat.MEASURES) or "time"
    sort = one_of("sort", heat_maps.SORTS) or "median"
    found = _heat(process, span, sort)
    return render_template(
        "operations/definition.html",
        heat=found,
        legend=heat.legend(found, by),
        by=by,
        measures=heat.MEASURES,
        span=span,
        spans=SPANS,
        sort=sort,
        version=request.args.get("version") or None,
    )


@pages.get(f"{DEFINITION}/diagram")
def heat_diagram(process: str) -> Response:
    by = one_of("by", heat.MEASURES) or "time"
    return heat.answer(_heat(process, one_of("days", SPANS) or "365", "median"), by)


def _heat(process: str, span: str, sort: str) -> heat_maps.Heat:
    version = request.args.get("version") or None
    session, actor = db.session(), auth.actor()
    return heat_maps.heat(session, process, actor=actor, version=version, days=_days(span), sort=sort)


def _days(span: str) -> int | None:
    return None if span == "all" else int(span)
