"""单位: the page of one unit with both sides, its posts and its history, and what administrators do there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import Schema
from werkzeug import Response

from webapp import auth, db, forms, idempotency, unit_forms
from webapp.pages import known
from webapp.picks import picks_for, sent_to
from workflows import unit_closings, work
from workflows.domain import accounts, audit, permissions, posts, unit_trees, units
from workflows.domain.heads import HEADS
from workflows.errors import Invalid, NotFound
from workflows.models import AdminEntry, Unit

pages = Blueprint("units", __name__)

UNIT = "/units/<int(min=1,max=2147483647):unit_id>"
ACT = f"{UNIT}/<string(maxlength=20):act>"


@dataclass(frozen=True)
class Act:
    """A form about a unit: its title, what it is filled with, and what sending it does."""

    title: str
    form: type[Schema]
    filled: Callable[[Unit], dict[str, Any]]
    do: Callable[[Unit, Mapping[str, Any]], None]


def _change(unit: Unit, sent: Mapping[str, Any]) -> None:
    values = {name: sent[name] for name in units.DATA}
    units.change(db.session(), unit, values, actor=auth.actor(), reason=sent["reason"])


def _heads(unit: Unit) -> dict[str, Any]:
    return {role: [{"user_id": one.id} for one in units.holders(db.session(), unit, role)] for role in HEADS}


def _set_heads(unit: Unit, sent: Mapping[str, Any]) -> None:
    heads = {role: [row["user_id"] for row in sent[role]] for role in HEADS}
    units.set_heads(db.session(), unit, heads, actor=auth.actor(), reason=sent.get("reason", ""))


ACTS = {
    "data": Act(
        "修改单位",
        unit_forms.UnitChange,
        lambda unit: {name: getattr(unit, name) for name in units.DATA},
        _change,
    ),
    "heads": Act("配备党政负责人", unit_forms.Heads, _heads, _set_heads),
    "closing": Act(
        "撤销单位",
        unit_forms.Reason,
        lambda _unit: {},
        lambda unit, sent: unit_closings.close(db.session(), unit, actor=auth.actor(), reason=sent["reason"]),
    ),
    "reopening": Act(
        "恢复单位",
        unit_forms.Reason,
        lambda _unit: {},
        lambda unit, sent: units.reopen(db.session(), unit, actor=auth.actor(), reason=sent["reason"]),
    ),
}


@pages.get(UNIT)
def show(unit_id: int) -> str:
    session, actor = db.session(), auth.actor()
    unit = units.get(session, unit_id)
    names = {one.id: one.name for one in accounts.units(session)}
    held = permissions.grants(session, actor)
    may_read = held.is_any(("admin", "supervision"))
    entries = audit.of_thing(session, units.about(unit)) if may_read else []
    return render_template(
        "units/show.html",
        unit=unit,
        kinds=units.KINDS,
        names=names,
        node=unit_trees.node(session, unit),
        below=unit_trees.below(session, unit),
        posts=posts.of_unit(session, unit),
        administers=held.is_any(["admin"]),
        entries=entries,
        people_names=accounts.names_of(session, _named(entries)),
        verbs=audit.VERBS,
    )


def _named(entries: Sequence[AdminEntry]) -> set[int]:
    """The ids of the heads that ``entries`` name."""
    heads = [one for one in entries if one.verb == "unit_heads"]
    return {id_ for one in heads for side in (one.before, one.after) for ids in side.values() for id_ in ids}


@pages.get("/units/new")
def new() -> Response:
    parent = request.args.get("parent", type=int)
    return _new_page(values={"parent_id": parent} if parent else {}, errors={}, status=200)


@pages.post("/units/new")
@idempotency.once
def add() -> Response:
    """Set a unit up, its heads with it, and go to it."""
    values = sent_to(unit_forms.NewUnit)
    try:
        sent = work.validate(unit_forms.NewUnit, values)
        unit = units.add(db.session(), sent, actor=auth.actor())
        _set_heads(unit, sent)
    except Invalid as refused:
        db.session().rollback()
        return _new_page(values=values, errors=refused.fields, status=refused.status)
    _tell(unit)
    return make_response(redirect(url_for("units.show", unit_id=unit.id)))


@pages.post("/units/new/rows")
def new_rows() -> Response:
    values = forms.rearranged(sent_to(unit_forms.NewUnit, blank_rows=True), request.form.get("_rows", ""))
    return _new_page(values=values, errors={}, status=200)


@pages.get(ACT)
def act(unit_id: int, act: str) -> Response:
    values = _act(act).filled(units.get(db.session(), unit_id))
    return _page(unit_id, act, values=values, errors={}, status=200)


@pages.post(ACT)
@idempotency.once
def do(unit_id: int, act: str) -> Response:
    """Do it, and go back to the unit."""
    form = _act(act).form
    values = sent_to(form)
    unit = units.get(db.session(), unit_id)
    try:
        ACTS[act].do(unit, work.validate(form, values))
    except (Invalid, unit_closings.Blocked) as refused:
        db.session().rollback()
        fields = refused.fields if isinstance(refused, Invalid) else {}
        return _page(unit_id, act, values=values, errors=fields, status=refused.status)
    _tell(unit)
    return make_response(redirect(url_for("units.show", unit_id=unit_id)))


@pages.post(f"{ACT}/rows")
def rows(unit_id: int, act: str) -> Response:
    """Add or drop a row of a table in the form."""
    values = forms.rearranged(sent_to(_act(act).form, blank_rows=True), request.form.get("_rows", ""))
    return _page(unit_id, act, values=values, errors={}, status=200)


def _tell(unit: Unit) -> None:
    """That it is saved, and what a missing side means (一体两面)."""
    node = unit_trees.node(db.session(), unit)
    if unit.closed_on is None and not node.is_whole:
        flash(gettext("已保存。党政两侧还没有配齐，党政联签时缺少一侧的由揭榜挂帅办公室代为签署。"))
    else:
        flash(gettext("已保存。"))


def _act(name: str) -> Act:
    return known(ACTS, name)


def _page(
    unit_id: int, name: str, *, values: Mapping[str, Any], errors: Mapping[str, list[str]], status: int
) -> Response:
    check_offered()
    unit, shown = units.get(db.session(), unit_id), ACTS[name]
    page = render_template(
        "units/act.html",
        title=shown.title,
        about=f"{unit.name} · {unit.code}",
        act=name,
        obstacles=unit_closings.obstacles(db.session(), unit) if name == "closing" else [],
        controls=forms.describe(shown.form, values=values, errors=errors, picks=picks_for(shown.form)),
        errors=errors,
        path=url_for("units.do", unit_id=unit_id, act=name),
        rows_path=url_for("units.rows", unit_id=unit_id, act=name),
        back=url_for("units.show", unit_id=unit_id),
    )
    return make_response(page, status)


def _new_page(*, values: Mapping[str, Any], errors: Mapping[str, list[str]], status: int) -> Response:
    check_offered()
    form = unit_forms.NewUnit
    page = render_template(
        "units/act.html",
        title="新建单位",
        about="",
        act="new",
        obstacles=[],
        controls=forms.describe(form, values=values, errors=errors, picks=picks_for(form)),
        errors=errors,
        path=url_for("units.add"),
        rows_path=url_for("units.new_rows"),
        back=url_for("organisation.units"),
    )
    return make_response(page, status)


def check_offered() -> None:
    """The forms are for those who may send them; to others there is no such page."""
    if not permissions.may_administer(db.session(), auth.actor()):
        raise NotFound("没有这个页面，或者您无权查看。")
