"""审批: one approval with its stages and who signed them."""

from flask import Blueprint, render_template

from webapp import auth, db
from workflows.domain import approvals

pages = Blueprint("approvals", __name__)


@pages.get("/approvals/<int(min=1,max=2147483647):approval_id>")
def show(approval_id: int) -> str:
    approval = approvals.get(db.session(), approval_id, actor=auth.actor())
    return render_template("approvals/show.html", approval=approval)
