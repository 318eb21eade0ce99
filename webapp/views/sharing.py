"""转办, 委派, 加签, 减签, 回避, 催办, 抄送: one small form each, reached from the page of the task."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from flask_babel import gettext
from marshmallow import Schema
from werkzeug import Response
from werkzeug.datastructures import MultiDict

from webapp import auth, db, drafts, forms, idempotency
from webapp.pages import known
from webapp.picks import picks_for, sent_to
from webapp.sharing_forms import CopyToOne, Recusal, Signer, ToPerson, Urging, Why
from workflows import sharing, tasks, work
from workflows.errors import Invalid

pages = Blueprint("sharing", __name__)

ACT = "/work/<int(min=1,max=2147483647):item_id>/share/<string(maxlength=20):act>"


@dataclass(frozen=True)
class Act:
    """One of the acts: its title, its form, when it is offered, and what sending it does."""

    title: str
    form: type[Schema]
    is_offered: Callable[[sharing.Offered], bool]
    do: Callable[[int, Mapping[str, Any]], None]


def _transfer(item_id: int, sent: Mapping[str, Any]) -> None:
    sharing.transfer(db.session(), item_id, sent["user_id"], actor=auth.actor(), reason=sent["reason"])


def _delegate(item_id: int, sent: Mapping[str, Any]) -> None:
    sharing.delegate(db.session(), item_id, sent["user_id"], actor=auth.actor(), reason=sent["reason"])


def _add(item_id: int, sent: Mapping[str, Any]) -> None:
    sharing.add_signer(
        db.session(),
        item_id,
        sent["user_id"],
        before=sent["before"],
        actor=auth.actor(),
        reason=sent["reason"],
    )


def _remove(item_id: int, sent: Mapping[str, Any]) -> None:
    sharing.remove_signer(db.session(), item_id, actor=auth.actor(), reason=sent["reason"])


def _step_down(item_id: int, sent: Mapping[str, Any]) -> None:
    how = {"relation": sent["kind"], "reason": sent["reason"]}
    sharing.step_down(db.session(), item_id, **how, actor=auth.actor())


def _urge(item_id: int, sent: Mapping[str, Any]) -> None:
    sharing.urge(db.session(), item_id, actor=auth.actor(), reason=sent["reason"])


def _copy(item_id: int, sent: Mapping[str, Any]) -> None:
    sharing.copy(db.session(), item_id, [sent["user_id"]], actor=auth.actor(), note=sent["note"])


ACTS = {
    "transfer": Act("转办", ToPerson, lambda offers: offers.transfer, _transfer),
    "delegation": Act("委派", ToPerson, lambda offers: offers.delegate, _delegate),
    "signers": Act("加签", Signer, lambda offers: offers.add, _add),
    "removal": Act("减签", Why, lambda offers: offers.remove, _remove),
    "recusal": Act("回避", Recusal, lambda offers: offers.step_down, _step_down),
    "urging": Act("催办", Urging, lambda offers: offers.urge, _urge),
    "copies": Act("抄送", CopyToOne, lambda offers: offers.copy, _copy),
}


def offered(offers: sharing.Offered) -> dict[str, str]:
    """The titles of the acts that a task offers, by name."""
    return {name: act.title for name, act in ACTS.items() if act.is_offered(offers)}


@pages.get(ACT)
def show(item_id: int, act: str) -> Response:
    return _page(item_id, act, values={}, errors={}, status=200)


@pages.post(ACT)
@idempotency.once
def do(item_id: int, act: str) -> Response:
    """Do it, and go back to the task, or to the task centre once it is somebody else's."""
    form = _act(act).form
    values = sent_to(form)
    try:
        _act(act).do(item_id, work.validate(form, values))
    except Invalid as refused:
        db.session().rollback()
        return _page(item_id, act, values=values, errors=refused.fields, status=refused.status)
    flash(gettext("已提交。"))
    gone = act in ("transfer", "delegation", "recusal")
    return make_response(redirect(url_for("work.boxes") if gone else url_for("work.show", item_id=item_id)))


def again(place: str, typed: Sequence[tuple[str, str]]) -> Response:
    """The form at ``place`` as it was typed before its session ended."""
    _, _, item_id, _, act = place.split("/")
    form = _act(act).form
    values = forms.parse(MultiDict(typed), form, picks=picks_for(form))
    return _page(int(item_id), act, values=values, errors={}, status=200)


def _act(name: str) -> Act:
    return known(ACTS, name)


def _page(
    item_id: int, name: str, *, values: Mapping[str, Any], errors: Mapping[str, list[str]], status: int
) -> Response:
    act = _act(name)
    task = tasks.task(db.session(), item_id, actor=auth.actor())
    controls = forms.describe(act.form, values=values, errors=errors, picks=picks_for(act.form))
    place = url_for("sharing.show", item_id=item_id, act=name)
    page = render_template(
        "start.html",
        draft={"ticket": drafts.ticket(place, is_kept=False), "is_kept": False},
        title=act.title,
        about=f"{task.subject} · {task.process_title}",
        controls=controls,
        errors=errors,
        path=url_for("sharing.do", item_id=item_id, act=name),
        back=url_for("work.show", item_id=item_id),
    )
    return make_response(page, status)
