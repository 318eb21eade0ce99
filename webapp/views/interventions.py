"""人工干预: what administrators do to a running process by hand: what it means, a reason, and the act."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import Schema
from werkzeug import Response

from webapp import auth, db, forms, idempotency, operation_forms
from webapp.pages import known, number_of
from webapp.views.operations import PROCESS
from workflows import interventions, operations, work
from workflows.errors import Conflict, Invalid, NotFound

pages = Blueprint("interventions", __name__)

ACT = f"{PROCESS}/<string(maxlength=20):act>"


@dataclass(frozen=True)
class Act:
    """An act on a process: its title, what it means, its form, and what sending it does."""

    title: str
    meaning: tuple[str, ...]
    form: Callable[[operations.Shown], type[Schema]]
    do: Callable[[int, Mapping[str, Any]], object]


def _plain(_shown: operations.Shown) -> type[Schema]:
    return operation_forms.Plain


def _token(shown: operations.Shown) -> interventions.Standing:
    """The token that the address names."""
    wanted = number_of("token")
    found = next((one for one in shown.tokens if one.token == wanted), None)
    if found is None:
        raise NotFound("流程已经不在这一步，请返回流程页面看过现状再办。")
    return found


def _skipping(shown: operations.Shown) -> type[Schema]:
    if not _token(shown).can_skip:
        raise NotFound("这个环节不能跳过，请改为移动令牌。")
    return operation_forms.skipping(_token(shown))


def _moving(shown: operations.Shown) -> type[Schema]:
    return operation_forms.moving(_token(shown), _token(shown).targets, "移到")


def _repeating(shown: operations.Shown) -> type[Schema]:
    return operation_forms.moving(_token(shown), _token(shown).passed, "重办")


def _deadline(shown: operations.Shown) -> type[Schema]:
    items, timers = {one.id for one in shown.tasks}, {one.node for one in shown.timers}
    if number_of("item") not in items and request.args.get("timer") not in timers:
        raise NotFound("流程已经不在等这个期限，请返回流程页面看过现状再办。")
    return operation_forms.Deadline


def _move(process_id: int, sent: Mapping[str, Any], *, is_repeat: bool = False) -> None:
    interventions.move(
        db.session(),
        process_id,
        token=number_of("token") or 0,
        target=sent["target"],
        values=operation_forms.values_in(sent),
        version=sent["version"],
        reason=sent["reason"],
        actor=auth.actor(),
        is_repeat=is_repeat,
    )


def _skip(process_id: int, sent: Mapping[str, Any]) -> None:
    interventions.skip(
        db.session(),
        process_id,
        token=number_of("token") or 0,
        values=operation_forms.values_in(sent),
        version=sent["version"],
        reason=sent["reason"],
        actor=auth.actor(),
    )


def _move_deadline(process_id: int, sent: Mapping[str, Any]) -> None:
    timer, item_id = request.args.get("timer"), number_of("item")
    about: Any = {**sent, "actor": auth.actor()}
    if timer is not None:
        interventions.move_timer(db.session(), process_id, node=timer, **about)
    else:
        interventions.move_due(db.session(), process_id, item_id=item_id or 0, **about)


ACTS = {
    "suspension": Act(
        "暂停流程",
        (
            "暂停期间谁也不能办理其中的任务，定时不触发，催办不发出，消息留到恢复之后。",
            "已有的期限不变；恢复时已经到期的立即触发。",
            "办理人在任务页面上看到已暂停和理由。",
        ),
        _plain,
        lambda id_, sent: interventions.suspend(db.session(), id_, actor=auth.actor(), **sent),
    ),
    "resumption": Act(
        "恢复流程",
        ("流程从暂停的地方继续；暂停期间到期的定时和到达的消息立即处理，周期性的只补一次。",),
        _plain,
        lambda id_, sent: interventions.resume(db.session(), id_, actor=auth.actor(), **sent),
    ),
    "termination": Act(
        "终止流程",
        (
            "未办的任务全部取消，定时和消息不再等待，调用的子流程一并终止。终止后不能恢复。",
            "榜单、项目、奖励的状态不会随之改变，需要的另行处理。",
        ),
        _plain,
        lambda id_, sent: interventions.terminate(db.session(), id_, actor=auth.actor(), **sent),
    ),
    "move": Act(
        "移动令牌",
        (
            "令牌离开现在的环节，它的任务取消、定时撤销，再到达所选的环节；之后的自动环节立即执行。",
            "移过去以后流程必须仍能走到结束，否则不允许。已经办过的环节所做的事不会撤回。",
        ),
        _moving,
        _move,
    ),
    "skip": Act(
        "跳过环节",
        (
            "令牌离开这个环节，如同已经办完，但不做这个环节要做的事；任务取消，之后的自动环节立即执行。",
            "这个环节本应给出的结果，请在下面给出。",
        ),
        _skipping,
        _skip,
    ),
    "repetition": Act(
        "重办环节",
        ("令牌回到已经办过的环节，重新办理；现在的任务取消。已经办过的环节所做的事不会撤回。",),
        _repeating,
        lambda id_, sent: _move(id_, sent, is_repeat=True),
    ),
    "deadline": Act(
        "调整期限",
        ("催办随新的期限重新安排；已经过去的时间立即到期。",),
        _deadline,
        _move_deadline,
    ),
}


@pages.get(ACT)
def show(process_id: int, act: str) -> Response:
    known(ACTS, act)
    shown = operations.shown(db.session(), process_id, actor=auth.actor())
    return _page(shown, act, values={"version": shown.process.version}, errors={}, status=200)


@pages.post(ACT)
@idempotency.once
def do(process_id: int, act: str) -> Response:
    """Do it, and go back to the process."""
    known(ACTS, act)
    shown = operations.shown(db.session(), process_id, actor=auth.actor())
    form = ACTS[act].form(shown)
    values = forms.parse(request.form, form)
    try:
        ACTS[act].do(process_id, work.validate(form, values))
    except (Invalid, Conflict) as refused:
        db.session().rollback()
        shown = operations.shown(db.session(), process_id, actor=auth.actor())
        fields = operation_forms.as_fields(refused.fields) if isinstance(refused, Invalid) else {}
        message = "" if fields else str(refused)
        return _page(shown, act, values=values, errors=fields, message=message, status=refused.status)
    flash(gettext("已保存，理由已记入流程的经过。"))
    return make_response(redirect(url_for("operations.process", process_id=process_id)))


def _page(
    shown: operations.Shown,
    name: str,
    *,
    values: Mapping[str, Any],
    errors: Mapping[str, list[str]],
    status: int,
    message: str = "",
) -> Response:
    act = ACTS[name]
    wanted = number_of("token")
    page = render_template(
        "operations/act.html",
        act=act,
        shown=shown,
        token=next((one for one in shown.tokens if one.token == wanted), None),
        controls=forms.describe(act.form(shown), values=values, errors=errors),
        errors=errors,
        message=message,
    )
    return make_response(page, status)
