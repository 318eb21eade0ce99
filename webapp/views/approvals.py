"""审批: one approval with its stages and who signed them, and its sheet to file."""

from flask import Blueprint, render_template, url_for
from werkzeug import Response

from webapp import auth, db, papers
from workflows.domain import approval_papers, approvals

pages = Blueprint("approvals", __name__)

APPROVAL = "/approvals/<int(min=1,max=2147483647):approval_id>"


@pages.get(APPROVAL)
def show(approval_id: int) -> str:
    approval = approvals.get(db.session(), approval_id, actor=auth.actor())
    proof = approval_papers.digest(approval)
    return render_template("approvals/show.html", approval=approval, proof=proof)


@pages.get(f"{APPROVAL}/sheet")
def sheet(approval_id: int) -> Response:
    """审批单: who signed what, and the code to compare it by."""
    approval = approvals.get(db.session(), approval_id, actor=auth.actor())
    address = url_for("approvals.show", approval_id=approval_id, _external=True)
    name, proof = f"审批单-{approval_id}", approval_papers.digest(approval)
    return papers.answer("papers/approval.html", name=name, address=address, about=approval, proof=proof)
