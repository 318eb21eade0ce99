"""人员: who there is, one person, and their one-time password."""

from flask import Blueprint, jsonify, make_response, render_template, request
from werkzeug import Response

from webapp import auth, db, person_picks
from webapp.pages import PAGE_SIZE, Paging, one_of, page_number, searched
from workflows.domain import accounts, administration, audit, leaving, permissions

pages = Blueprint("people", __name__)

PERSON = "/people/<int(min=1,max=2147483647):user_id>"
MOST_SUGGESTED = 20
ACTIVE = {"active": True, "inactive": False}


@pages.get("/people")
def index() -> str:
    page, q = page_number(), searched()
    units = {unit.id: unit.name for unit in accounts.units(db.session())}
    unit_id = request.args.get("unit", type=int)
    role, state = one_of("role", administration.GIVEN), one_of("state", ACTIVE)
    rows, total = accounts.find(
        db.session(),
        q=q,
        unit_id=unit_id if unit_id in units else None,
        role=role,
        active=ACTIVE.get(state or "active"),
        page=page,
        size=PAGE_SIZE,
    )
    return render_template(
        "people/index.html",
        rows=rows,
        units=units,
        given=administration.GIVEN,
        chosen={"q": q, "unit": unit_id, "role": role, "state": state or "active"},
        paging=Paging(page, total),
        administers=permissions.may_administer(db.session(), auth.actor()),
    )


@pages.get("/people/suggestions")
def suggestions() -> Response:
    """Whom a field may mean by what is typed so far (``q``): a JSON list of texts, at most MOST_SUGGESTED."""
    q = searched()
    rows = accounts.find(db.session(), q=q, size=MOST_SUGGESTED)[0] if q else []
    return jsonify([person_picks.text(one) for one in rows])


@pages.get(PERSON)
def show(user_id: int) -> Response:
    return _page(user_id)


@pages.post(f"{PERSON}/one-time-password")
def reset_password(user_id: int) -> Response:
    """Make a one-time password and show it, this once."""
    user = administration.person(db.session(), user_id)
    password = administration.reset_password(db.session(), user, actor=auth.actor())
    page = _page(user_id, one_time=password)
    db.session().commit()  # not idempotency.once, which would keep the answer and the password in it
    return page


def _page(user_id: int, *, one_time: str = "") -> Response:
    session, actor = db.session(), auth.actor()
    user = administration.person(session, user_id)
    held = permissions.grants(session, actor)
    page = render_template(
        "people/show.html",
        person=user,
        one_time=one_time,
        units={unit.id: unit.name for unit in accounts.units(session)},
        posts=administration.posts_of(session, user),
        administers=held.is_any(["admin"]),
        hands_over=held.is_any(("admin", "hr")),
        entries=audit.of_person(session, user) if held.is_any(("admin", "supervision")) else [],
        verbs=audit.VERBS,
        handed_kinds=leaving.KINDS,
    )
    return make_response(page)
