"""What administrators do on the page of a person: data, roles, posts, activity; and a new person."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import Schema
from werkzeug import Response

from webapp import auth, db, forms, idempotency, people_forms, person_picks
from webapp.pages import known
from webapp.picks import picks_for, sent_to
from webapp.views.people import PERSON
from workflows import leavers, work
from workflows.domain import administration, permissions
from workflows.errors import Invalid, NotFound
from workflows.models import User

pages = Blueprint("people_acts", __name__)

ACT = f"{PERSON}/<string(maxlength=20):act>"


@dataclass(frozen=True)
class Act:
    """A form about a person: its title, what it is filled with, and what sending it does."""

    title: str
    form: type[Schema]
    filled: Callable[[User], dict[str, Any]]
    do: Callable[[User, Mapping[str, Any]], None]


def _nothing(_user: User) -> dict[str, Any]:
    return {}


def _set_roles(user: User, sent: Mapping[str, Any]) -> None:
    roles = [(row["role"], row["unit_id"]) for row in sent["roles"]]
    administration.set_roles(db.session(), user, roles, actor=auth.actor(), reason=sent["reason"])


def _set_posts(user: User, sent: Mapping[str, Any]) -> None:
    post_ids = [row["post_id"] for row in sent["posts"]]
    administration.set_posts(db.session(), user, post_ids, actor=auth.actor(), reason=sent["reason"])


ACTS = {
    "data": Act(
        "修改资料",
        people_forms.Data,
        lambda user: {name: getattr(user, name) for name in administration.DATA},
        lambda user, sent: administration.change(db.session(), user, sent, actor=auth.actor()),
    ),
    "roles": Act(
        "调整角色",
        people_forms.Roles,
        lambda user: {"roles": [{"role": one.role, "unit_id": one.unit_id} for one in user.grants]},
        _set_roles,
    ),
    "posts": Act(
        "调整岗位",
        people_forms.Posts,
        lambda user: {"posts": [{"post_id": one.id} for one in administration.posts_of(db.session(), user)]},
        _set_posts,
    ),
    "deactivation": Act(
        "停用账号",
        people_forms.Reason,
        _nothing,
        lambda user, sent: leavers.deactivate(
            db.session(), user.id, actor=auth.actor(), reason=sent["reason"]
        ),
    ),
    "activation": Act(
        "恢复账号",
        people_forms.Reason,
        _nothing,
        lambda user, _sent: administration.activate(db.session(), user, actor=auth.actor()),
    ),
}


@pages.get("/people/new")
def new() -> Response:
    return _new_page(values={"on_duty": True}, errors={}, status=200)


@pages.post("/people/new")
def add() -> Response:
    """Add somebody and show their one-time password, this once."""
    values = sent_to(people_forms.NewPerson)
    try:
        sent = work.validate(people_forms.NewPerson, values)
        user, password = administration.add(db.session(), sent, actor=auth.actor())
    except Invalid as refused:
        db.session().rollback()
        return _new_page(values=values, errors=refused.fields, status=refused.status)
    page = make_response(render_template("people/added.html", person=user, one_time=password))
    db.session().commit()  # not idempotency.once, which would keep the answer and the password in it
    return page


@pages.get(ACT)
def show(user_id: int, act: str) -> Response:
    values = _act(act).filled(administration.person(db.session(), user_id))
    return _page(user_id, act, values=values, errors={}, status=200)


@pages.post(ACT)
@idempotency.once
def do(user_id: int, act: str) -> Response:
    """Do it, and go back to the person."""
    form = _act(act).form
    values = sent_to(form)
    try:
        ACTS[act].do(administration.person(db.session(), user_id), work.validate(form, values))
    except Invalid as refused:
        db.session().rollback()
        return _page(user_id, act, values=values, errors=refused.fields, status=refused.status)
    flash(gettext("已保存。"))
    return make_response(redirect(url_for("people.show", user_id=user_id)))


@pages.post(f"{ACT}/rows")
def rows(user_id: int, act: str) -> Response:
    """Add or drop a row of a table in the form."""
    values = forms.rearranged(sent_to(_act(act).form, blank_rows=True), request.form.get("_rows", ""))
    return _page(user_id, act, values=values, errors={}, status=200)


def _act(name: str) -> Act:
    return known(ACTS, name)


def _page(
    user_id: int, name: str, *, values: Mapping[str, Any], errors: Mapping[str, list[str]], status: int
) -> Response:
    act = ACTS[name]
    _check_offered(name)
    user = administration.person(db.session(), user_id)
    page = render_template(
        "start.html",
        title=act.title,
        about=person_picks.text(user),
        controls=forms.describe(act.form, values=values, errors=errors, picks=picks_for(act.form)),
        errors=errors,
        path=url_for("people_acts.do", user_id=user_id, act=name),
        rows_path=url_for("people_acts.rows", user_id=user_id, act=name),
        back=url_for("people.show", user_id=user_id),
    )
    return make_response(page, status)


def _new_page(*, values: Mapping[str, Any], errors: Mapping[str, list[str]], status: int) -> Response:
    _check_offered("data")
    form = people_forms.NewPerson
    page = render_template(
        "start.html",
        title="建立账号",
        about="",
        controls=forms.describe(form, values=values, errors=errors, picks=picks_for(form)),
        errors=errors,
        path=url_for("people_acts.add"),
        rows_path="",
        back=url_for("people.index"),
    )
    return make_response(page, status)


def _check_offered(name: str) -> None:
    """The form is for those who may send it; to others there is no such page."""
    may = permissions.may_hand_over if name == "deactivation" else permissions.may_administer
    if not may(db.session(), auth.actor()):
        raise NotFound("没有这个页面，或者您无权查看。")
