"""规则: the tables and settings with their versions; a version read, edited as a table, tried on past cases, adopted."""

import datetime as dt
from itertools import groupby
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug import Response

from webapp import auth, db, idempotency, rule_forms, rule_terms
from workflows import clock, dmn, rule_cases
from workflows.domain import permissions, rule_tables, rule_versions, rules
from workflows.errors import Invalid, NotFound
from workflows.models import RuleState, RuleVersion

pages = Blueprint("rules", __name__)

VERSION = "/rules/<int(min=1,max=2147483647):version_id>"
LISTS = (f"{rules.SETTING}.dmn", f"{rules.DEADLINE}.dmn")  # edited as lists of values
MOST_SHOWN = 200  # unchanged cases of a trial
NOTE_LENGTH = 300


@pages.get("/rules")
def index() -> str:
    session = db.session()
    in_force = rules.in_force(session)
    by_file = groupby(rule_versions.versions(session), key=lambda one: one.file)
    rows = []
    for file, versions in by_file:
        known = list(versions)
        current = next((one for one in known if one.version == in_force[file].version), known[-1])
        drafts = [one for one in known if one.state == RuleState.DRAFT]
        coming = [one for one in known if _is_coming(one)]
        about = rule_terms.ABOUT.get(file, "")
        rows.append({"current": current, "drafts": drafts, "coming": coming, "about": about})
    return render_template("rules/index.html", rows=rule_forms.ordered(rows))


@pages.get(VERSION)
def show(version_id: int) -> str:
    """A version in words, beside another one if the address names it (``against``), else the one in force."""
    session, version = db.session(), rule_versions.get(db.session(), version_id)
    history = [one for one in rule_versions.versions(session) if one.file == version.file]
    current = rule_versions.current(session, version.file)
    other = _other(version, history, current)
    return render_template(
        "rules/show.html",
        version=version,
        history=history,
        current=current,
        against=other,
        tables=rule_forms.compared(version, other and rule_versions.get(session, other.id)),
        is_list=version.file in LISTS,
        steps=rule_cases.step_titles(),
        **_rights(version),
        today=clock.today(),
    )


@pages.get(f"{VERSION}/edit")
def edit(version_id: int) -> Response:
    version = rule_versions.get(db.session(), version_id)
    rule_versions.expect_drafter(db.session(), auth.actor())
    return _form(version, rule_tables.table(version, _asked(request.args)), note="")


@pages.post(f"{VERSION}/rows")
def rearrange(version_id: int) -> Response:
    """Add, drop or move a row in the form, without judging anything."""
    version = rule_versions.get(db.session(), version_id)
    text = rule_tables.table(version, _asked(request.form))
    rows = rule_forms.rearranged(rule_forms.parse(request.form, text), request.form.get("_rows", ""), text)
    return _form(version, text, rows=rows, note=_note())


@pages.post(f"{VERSION}/edit")
@idempotency.once
def save(version_id: int) -> Response:
    """拟定: an own draft is changed, of anything else a new draft is made."""
    session = db.session()
    version = rule_versions.get(session, version_id)
    text = rule_tables.table(version, _asked(request.form))
    rows = rule_forms.parse(request.form, text)
    try:
        made = _saved(version, text, rows)
    except Invalid as refused:
        session.rollback()
        version = rule_versions.get(session, version_id)
        return _form(version, text, rows=rows, note=_note(), errors=refused.fields, status=refused.status)
    flash(gettext("草稿已保存，审定之前不起作用。可以先试算旧案。"))
    return make_response(redirect(url_for("rules.show", version_id=made.id)))


@pages.get(f"{VERSION}/trial")
def trial(version_id: int) -> str:
    """What the version would have decided on all that its tables have decided before."""
    version = rule_versions.get(db.session(), version_id)
    words = rule_forms.words(version)
    replayed = rule_cases.replay(db.session(), version, words=words)
    changed = [one for one in replayed if one.is_changed]
    return render_template(
        "rules/trial.html",
        version=version,
        total=len(replayed),
        changed=changed,
        same=replayed[len(changed) : len(changed) + MOST_SHOWN],
        words=words,
        **_rights(version),
    )


@pages.post(f"{VERSION}/adoption")
@idempotency.once
def adopt(version_id: int) -> Response:
    """审定: from a day on."""
    version = rule_versions.get(db.session(), version_id)
    try:
        day = dt.date.fromisoformat(request.form.get("from_day", ""))
    except ValueError:
        raise Invalid({"from_day": ["请填写生效日。"]}, "请填写生效日。") from None
    rule_versions.adopt(db.session(), version, from_day=day, actor=auth.actor())
    flash(gettext("已审定。"))
    return make_response(redirect(url_for("rules.show", version_id=version_id)))


@pages.post(f"{VERSION}/discard")
@idempotency.once
def discard(version_id: int) -> Response:
    """撤销草稿."""
    version = rule_versions.get(db.session(), version_id)
    rule_versions.discard(db.session(), version, actor=auth.actor())
    flash(gettext("草稿已撤销。"))
    return make_response(redirect(url_for("rules.index")))


def _saved(version: RuleVersion, text: dmn.TableText, rows: list[dmn.RowText]) -> RuleVersion:
    """The draft that holds ``rows``. Raises Invalid without a reason or a change, and for what is wrong in a cell."""
    session, actor = db.session(), auth.actor()
    is_own = rule_versions.is_own_draft(version, actor)
    if not _note():
        raise Invalid({"note": ["请写明修改原因。"]})
    if rows == rule_forms.stored(text) and not is_own:
        raise Invalid({"rows": ["没有改动，不需要保存。"]})
    content = rule_tables.rewrite(session, version, text.decision, rows)
    if not is_own:
        return rule_versions.draft(session, version.file, content, note=_note(), actor=actor)
    rule_versions.revise(session, version, content, note=_note(), actor=actor)
    return version


def _form(
    version: RuleVersion,
    text: dmn.TableText,
    *,
    note: str,
    rows: list[dmn.RowText] | None = None,
    errors: dict[str, list[str]] | None = None,
    status: int = 200,
) -> Response:
    page = render_template(
        "rules/edit.html",
        version=version,
        text=text,
        rows=rule_forms.drawn(rows, text, errors or {}),
        errors=errors or {},
        note=note or (version.note if rule_versions.is_own_draft(version, auth.actor()) else ""),
        is_own=rule_versions.is_own_draft(version, auth.actor()),
        is_list=version.file in LISTS,
        is_setting=version.file == LISTS[0],
        steps=rule_cases.step_titles(),
        policies=rule_forms.POLICIES,
        codes=rule_forms.codes(text),
        note_length=NOTE_LENGTH,
    )
    return make_response(page, status)


def _rights(version: RuleVersion) -> dict[str, Any]:
    session, actor = db.session(), auth.actor()
    is_draft = version.state == RuleState.DRAFT
    return {
        "may_draft": permissions.may_draft_rules(session, actor),
        "is_own": rule_versions.is_own_draft(version, actor),
        "is_draft": is_draft,
        "may_adopt": is_draft
        and permissions.may_adopt_rules(session, actor)
        and version.created_by_id != actor.id,
    }


def _other(version: RuleVersion, history: list[RuleVersion], current: RuleVersion) -> RuleVersion | None:
    """What a version is compared with: the one asked for, the one in force, or of that one the one before it."""
    asked = request.args.get("against", type=int)
    if asked is not None:
        found = next((one for one in history if one.id == asked), None)
        if found is None:
            raise NotFound("没有这个规则版本。")
        return found
    if version.id != current.id:
        return current
    return next((one for one in history if one.version < version.version), None)


def _is_coming(version: RuleVersion) -> bool:
    return version.in_force_from is not None and version.in_force_from > clock.now()


def _asked(given: Any) -> str | None:
    return given.get("table") or None


def _note() -> str:
    return request.form.get("note", "").strip()[:NOTE_LENGTH]
