"""What forms offer to choose from, asked for only by the form that offers it."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from flask import request
from marshmallow import Schema

from webapp import auth, db, formats, forms, i18n, person_picks
from webapp.form_fields import Picks
from webapp.person_picks import PersonPicks
from workflows import access
from workflows.domain import accounts, appraisals, justifications, problems, projects, vetoes
from workflows.domain.papers import Papers, Teams
from workflows.models import Appraisal, AppraisalState, Challenge, Problem, Project

MOST_PROJECTS = 300  # to choose from


def picks_for(schema: type[Schema], about: Any = None, *, without: Collection[str] = ()) -> Picks:
    """What the form of ``schema`` offers to pick, asked for only if it does; ``about`` is what its task is about."""
    offers: dict[str, Callable[[], Mapping[str, int | str]]] = {
        "person": people_picks,
        "unit": _units,
        "post": _posts,
        "indicator": lambda: _indicators(about or asked_project()),
        "problem": lambda: _mergeable(about),
        "expert": _experts,
        "bid": lambda: _bids(about),
        "project": _projects,
        "clause": lambda: {f"{code} {title}": code for code, title in vetoes.clauses(db.session()).items()},
        "category": lambda: _categories(about),
        "milestone": lambda: {f"{one.seq} {one.name}": one.id for one in about.milestones},
    }
    ids = {kind: offers[kind]() for kind in forms.picked(schema).difference(without)}
    people = ids.get("person")
    return Picks(ids, _file_names, people if isinstance(people, PersonPicks) else None)


def sent_to(form: type[Schema], *, blank_rows: bool = False) -> dict[str, Any]:
    """What was sent to a form without files, as ``forms.parse`` gives it."""
    return forms.parse(request.form, form, picks=picks_for(form), blank_rows=blank_rows)


def _file_names(ids: list[int]) -> dict[int, str]:
    readable = access.readable(db.session(), ids, actor=auth.actor())
    return {known: file.name for known, file in readable.items()}


def people_picks() -> PersonPicks:
    """Everybody who can be chosen, by what is typed."""
    return PersonPicks(db.session(), unit_id=auth.actor().unit_id)


def _units() -> dict[str, int]:
    return {unit.name: unit.id for unit in accounts.open_units(db.session())}


def _posts() -> dict[str, int]:
    return {f"{post.code} · {post.name}": post.id for post in accounts.posts(db.session())}


def asked_project() -> Project | None:
    """The project that an act from outside the inbox names in its address or form."""
    given = request.values.get("project_id", type=int)
    return None if given is None else db.session().get(Project, given)


def _indicators(about: Any) -> dict[str, int]:
    """Of a challenge, or of the challenge that ``about`` (a bid, a project, a node) belongs to."""
    about = getattr(about, "project", about)
    challenge = about if isinstance(about, Challenge | None) else about.challenge
    if challenge is None:
        return {}
    return {
        f"{one.name} {one.op} {formats.number(one.target)} {one.measure}": one.id
        for one in challenge.indicators
    }


def _projects() -> dict[str, int | str]:
    """The newest, and the one that the address names."""
    rows, _ = projects.listing(db.session(), size=MOST_PROJECTS)
    asked = asked_project()
    listed = [*rows, *([asked] if asked is not None and asked not in rows else [])]
    return {f"{one.challenge.no} {one.challenge.title} · {one.leader.name}": one.id for one in listed}


def _categories(about: Any) -> dict[str, str]:
    """Of an appraisal: while it is scored those of the reader, if any are."""
    if not isinstance(about, Appraisal):
        return {}
    rows = appraisals.categories(db.session(), about)
    if about.state == AppraisalState.SCORING:
        rows = appraisals.owned(db.session(), about, auth.actor()) or rows
    return {f"{row['category']} {i18n.text(row['name'])}": row["category"] for row in rows}


def _mergeable(about: Problem) -> dict[str, int]:
    return {f"{one.id} · {one.title}": one.id for one in problems.mergeable(db.session(), about)}


def _experts() -> dict[str, int]:
    free = justifications.available(db.session(), besides=set())
    return {person_picks.text(one.user): one.user_id for one in free}


def _bids(about: Any) -> dict[str, int]:
    """Of what a panel judges; none where they are read without names."""
    if not isinstance(about, Teams | Papers):
        return {}
    bids = (
        about.bids if isinstance(about, Teams) else [one.bid for one in about.papers if one.bid is not None]
    )
    return {f"{bid.leader.name} · {bid.unit.name}": bid.id for bid in bids}
