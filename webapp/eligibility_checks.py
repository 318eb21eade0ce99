"""资格自检 as one types: what D3 would find of the team and the pledges in a form that has not been handed in."""

from collections.abc import Mapping
from typing import Any

from flask import request
from marshmallow import Schema, ValidationError, fields
from werkzeug.datastructures import MultiDict

from webapp import auth, db, forms
from webapp.forms import Control
from webapp.picks import picks_for
from workflows.domain import bids, eligibility
from workflows.domain.eligibility import Foreseen
from workflows.errors import Forbidden
from workflows.models import Bid


class Typed(Schema):
    """What the check reads of the forms of a bid (steps' TeamForm and WriteForm)."""

    class MemberRow(Schema):
        user_id = fields.Integer(strict=True, metadata={"widget": "person"})
        role = fields.String()
        pioneer = fields.Boolean()

    class PledgeRow(Schema):
        indicator_id = fields.Integer(strict=True, metadata={"widget": "indicator"})
        value = fields.Decimal()

    members = fields.List(fields.Nested(MemberRow))
    pledge = fields.List(fields.Nested(PledgeRow))


def may_foresee(bid: Any) -> bool:
    """Who leads the bid, while its team may still change."""
    is_own = isinstance(bid, Bid) and bid.leader_id == auth.actor().id
    return is_own and bid.state in bids.FORMING


def of_request(bid: Bid) -> Foreseen:
    """What would be found of ``bid`` with what this request has typed; what it has not typed is as it is kept.

    Raises Forbidden for everybody but its leader.
    """
    return _of_sent(bid, request.form)


def of_control(bid: Bid, control: Control) -> Foreseen:
    """The same with the rows of ``control``, as they are drawn: those kept, of a draft, or typed and sent back."""
    cells = (cell for row in control.rows for cell in row)
    shown = [(cell.name, cell.value) for cell in cells if cell.value and cell.value != "false"]
    return _of_sent(bid, MultiDict(shown))


def _of_sent(bid: Bid, sent: MultiDict[str, str]) -> Foreseen:
    if not may_foresee(bid):
        raise Forbidden("只有挂帅人可以自检，并且只在递交之前。")
    typed = forms.parse(sent, Typed, picks=picks_for(Typed, bid)) if sent else {}
    return of_values(bid, typed)


def of_values(bid: Bid, typed: Mapping[str, Any]) -> Foreseen:
    """The same for ``typed`` {members, pledge}."""
    session = db.session()
    rows = typed.get("members")
    team = eligibility.typed_team(session, bid, rows) if rows else eligibility.team_of(bid)
    pledge = typed.get("pledge") or (bids.document(session, bid, actor=auth.actor()) or {}).get("pledge", [])
    return eligibility.foresee(session, bid, team=team, pledges=_values(pledge))


def _values(rows: list[Mapping[str, Any]]) -> dict[int, Any]:
    """The pledged values that can be read as numbers, by indicator."""
    found = {}
    for row in rows:
        known, value = row.get("indicator_id"), row.get("value")
        if isinstance(known, str) and known.isdecimal():
            known = int(known)
        if isinstance(known, int) and _is_number(value):
            found[known] = value
    return found


def _is_number(value: Any) -> bool:
    try:
        fields.Decimal().deserialize(value)
    except ValidationError:
        return False
    return value is not None
