"""岗位: set up, changed, filled, left and closed by administrators; shown on the page of its unit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import Schema
from werkzeug import Response

from webapp import auth, db, forms, idempotency, person_picks, unit_forms
from webapp.pages import known
from webapp.picks import picks_for, sent_to
from webapp.views.units import UNIT, check_offered
from workflows import clock, work
from workflows.domain import administration, posts, units
from workflows.errors import Conflict, Invalid
from workflows.models import Post

pages = Blueprint("posts", __name__)

POST = "/posts/<int(min=1,max=2147483647):post_id>"
ACT = f"{POST}/<string(maxlength=20):act>"
DISMISSAL = f"{POST}/holders/<int(min=1,max=2147483647):user_id>/dismissal"


@dataclass(frozen=True)
class Act:
    """A form about a post: its title, what it is filled with, and what sending it does."""

    title: str
    form: type[Schema]
    filled: Callable[[Post], dict[str, Any]]
    do: Callable[[Post, Mapping[str, Any]], object]


ACTS = {
    "data": Act(
        "修改岗位",
        unit_forms.PostData,
        lambda post: {name: getattr(post, name) for name in posts.DATA},
        lambda post, sent: posts.change(db.session(), post, sent, actor=auth.actor()),
    ),
    "appointment": Act(
        "任岗",
        unit_forms.Appointment,
        lambda _post: {"from_day": clock.today()},
        lambda post, sent: posts.appoint(db.session(), post, actor=auth.actor(), **sent),
    ),
    "closing": Act(
        "撤岗",
        unit_forms.Reason,
        lambda _post: {},
        lambda post, sent: posts.close(db.session(), post, actor=auth.actor(), **sent),
    ),
    "reopening": Act(
        "恢复岗位",
        unit_forms.Reason,
        lambda _post: {},
        lambda post, sent: posts.reopen(db.session(), post, actor=auth.actor(), **sent),
    ),
}


@pages.get(f"{UNIT}/posts/new")
def new(unit_id: int) -> Response:
    return _new_page(unit_id, values={"unit_id": unit_id}, errors={}, status=200)


@pages.post(f"{UNIT}/posts/new")
@idempotency.once
def add(unit_id: int) -> Response:
    """Set a post up, and go to its unit."""
    form = unit_forms.NewPost
    values = sent_to(form)
    try:
        post = posts.add(db.session(), work.validate(form, values), actor=auth.actor())
    except Invalid as refused:
        db.session().rollback()
        return _new_page(unit_id, values=values, errors=refused.fields, status=refused.status)
    return _back(post)


@pages.get(ACT)
def act(post_id: int, act: str) -> Response:
    values = _act(act).filled(posts.get(db.session(), post_id))
    return _page(post_id, act, values=values, errors={}, status=200)


@pages.post(ACT)
@idempotency.once
def do(post_id: int, act: str) -> Response:
    """Do it, and go back to the unit."""
    form = _act(act).form
    values = sent_to(form)
    post = posts.get(db.session(), post_id)
    try:
        ACTS[act].do(post, work.validate(form, values))
    except (Invalid, Conflict) as refused:
        db.session().rollback()
        return _page(post_id, act, values=values, status=refused.status, **_told(refused))
    return _back(post)


@pages.get(DISMISSAL)
def dismissal(post_id: int, user_id: int) -> Response:
    return _dismissal_page(post_id, user_id, values={"to_day": clock.today()}, errors={}, status=200)


@pages.post(DISMISSAL)
@idempotency.once
def dismiss(post_id: int, user_id: int) -> Response:
    """End somebody's holding of a post."""
    form = unit_forms.Dismissal
    values = forms.parse(request.form, form)
    post = posts.get(db.session(), post_id)
    try:
        sent = work.validate(form, values)
        posts.dismiss(db.session(), post, user_id=user_id, actor=auth.actor(), **sent)
    except Invalid as refused:
        db.session().rollback()
        return _dismissal_page(post_id, user_id, values=values, errors=refused.fields, status=refused.status)
    return _back(post)


def _told(refused: Invalid | Conflict) -> dict[str, Any]:
    return (
        {"errors": refused.fields}
        if isinstance(refused, Invalid)
        else {"errors": {}, "message": str(refused)}
    )


def _back(post: Post) -> Response:
    flash(gettext("已保存。"))
    return make_response(redirect(url_for("units.show", unit_id=post.unit_id)))


def _act(name: str) -> Act:
    return known(ACTS, name)


def _page(post_id: int, name: str, *, status: int, **form: Any) -> Response:
    post, shown = posts.get(db.session(), post_id), ACTS[name]
    path = url_for("posts.do", post_id=post_id, act=name)
    return _drawn(
        shown.title, shown.form, about=_of(post), path=path, unit_id=post.unit_id, status=status, **form
    )


def _dismissal_page(post_id: int, user_id: int, *, status: int, **form: Any) -> Response:
    post = posts.get(db.session(), post_id)
    about = f"{_of(post)}：{person_picks.text(administration.person(db.session(), user_id))}"
    path = url_for("posts.dismiss", post_id=post_id, user_id=user_id)
    form_of = unit_forms.Dismissal
    return _drawn("卸任", form_of, about=about, path=path, unit_id=post.unit_id, status=status, **form)


def _new_page(unit_id: int, *, status: int, **form: Any) -> Response:
    unit, path = units.get(db.session(), unit_id), url_for("posts.add", unit_id=unit_id)
    return _drawn(
        "设岗", unit_forms.NewPost, about=unit.name, path=path, unit_id=unit_id, status=status, **form
    )


def _of(post: Post) -> str:
    return f"{units.get(db.session(), post.unit_id).name} · {post.name}"


def _drawn(
    title: str,
    form: type[Schema],
    *,
    about: str,
    path: str,
    unit_id: int,
    values: Mapping[str, Any],
    errors: Mapping[str, list[str]],
    status: int,
    message: str = "",
) -> Response:
    check_offered()
    page = render_template(
        "units/act.html",
        title=title,
        about=about,
        act="post",
        obstacles=[],
        message=message,
        controls=forms.describe(form, values=values, errors=errors, picks=picks_for(form)),
        errors=errors,
        path=path,
        rows_path="",
        back=url_for("units.show", unit_id=unit_id),
    )
    return make_response(page, status)
