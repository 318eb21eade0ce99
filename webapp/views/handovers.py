"""离岗交接: everything that hangs on one person, with a recipient for each thing."""

from collections.abc import Mapping

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug import Response

from webapp import auth, db, idempotency
from webapp.picks import people_picks
from webapp.views.people import PERSON
from workflows import leavers
from workflows.domain import leaving
from workflows.domain.accounts import NOBODY
from workflows.errors import Conflict, Invalid

pages = Blueprint("handovers", __name__)

TO = "to."


@pages.get(f"{PERSON}/handover")
def show(user_id: int) -> Response:
    return _page(user_id, typed={}, errors={}, status=200)


@pages.post(f"{PERSON}/handover")
@idempotency.once
def hand_over(user_id: int) -> Response:
    """Hand over what has a recipient; with the mark, end the account too."""
    typed = request.form.to_dict()
    try:
        to = _recipients(user_id, typed)
        reason = typed.get("reason", "")
        number = leavers.hand_over(db.session(), user_id, to, reason=reason, actor=auth.actor())
        if "deactivate" in typed:
            leavers.deactivate(db.session(), user_id, reason=reason, actor=auth.actor())
    except Invalid as refused:
        db.session().rollback()
        return _page(user_id, typed=typed, errors=refused.fields, status=refused.status)
    except Conflict as refused:
        db.session().rollback()
        return _page(user_id, typed=typed, errors={"deactivate": [str(refused)]}, status=refused.status)
    flash(gettext("已交接 %(n)s 项。", n=number))
    return make_response(redirect(url_for("people.show", user_id=user_id)))


def _recipients(user_id: int, typed: Mapping[str, str]) -> dict[str, int]:
    """Who gets what: the person of the row, else the one above for all rows that are marked.

    Raises Invalid for a text that names nobody.
    """
    known, errors, to = people_picks(), {}, {}
    known.ahead((one.strip() for one in typed.values()), ())
    default = typed.get("default", "").strip()
    if default and default not in known:
        raise Invalid({"default": [NOBODY]})
    for one in leavers.leaver(db.session(), user_id, actor=auth.actor()).things:
        text = typed.get(TO + one.key, "").strip()
        if text and text not in known:
            errors[TO + one.key] = [NOBODY]
        elif text or (default and not one.refusal):
            to[one.key] = known[text or default]
    if errors:
        raise Invalid(errors)
    return to


def _page(
    user_id: int, *, typed: Mapping[str, str], errors: Mapping[str, list[str]], status: int
) -> Response:
    found = leavers.leaver(db.session(), user_id, actor=auth.actor())
    page = render_template(
        "people/handover.html",
        person=found.user,
        things=found.things,
        leads=found.leads,
        kinds=leaving.KINDS,
        people=people_picks(),
        typed=typed,
        errors=errors,
    )
    return make_response(page, status)
