"""转办, 委派, 加签, 减签, 催办, 抄送 of a task."""

from typing import Any

from flask_smorest import Blueprint

from webapp import auth, db, idempotency
from webapp.api.fields import ID, IDEMPOTENCY_KEY
from webapp.sharing_forms import Copies, Recusal, Signer, ToPerson, Urging, Why
from workflows import sharing

endpoints = Blueprint("api_sharing", __name__, url_prefix="/api/v1/work-items", description="任务的流转")

ITEM = f"/{ID}item_id>"


@endpoints.route(f"{ITEM}/transfer", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(204)
@endpoints.arguments(ToPerson)
def transfer(asked: dict[str, Any], item_id: int) -> None:
    """转办任务"""
    sharing.transfer(db.session(), item_id, asked["user_id"], actor=auth.actor(), reason=asked["reason"])


@endpoints.route(f"{ITEM}/delegation", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(204)
@endpoints.arguments(ToPerson)
def delegate(asked: dict[str, Any], item_id: int) -> None:
    """委派任务

    受托人给出意见后，任务回到委派人处决定。
    """
    sharing.delegate(db.session(), item_id, asked["user_id"], actor=auth.actor(), reason=asked["reason"])


@endpoints.route(f"{ITEM}/signers", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(204)
@endpoints.arguments(Signer)
def add_signer(asked: dict[str, Any], item_id: int) -> None:
    """加签"""
    before, reason = asked["before"], asked["reason"]
    sharing.add_signer(
        db.session(), item_id, asked["user_id"], before=before, actor=auth.actor(), reason=reason
    )


@endpoints.route(f"{ITEM}/recusal", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(204)
@endpoints.arguments(Recusal)
def step_down(asked: dict[str, Any], item_id: int) -> None:
    """回避

    专家在评审中发现应当回避的关系时退出评审组，席位空缺，办公室和纪委监督会收到通知。
    """
    how = {"relation": asked["kind"], "reason": asked["reason"]}
    sharing.step_down(db.session(), item_id, **how, actor=auth.actor())


@endpoints.route(f"{ITEM}/removal", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(204)
@endpoints.arguments(Why)
def remove_signer(asked: dict[str, Any], item_id: int) -> None:
    """减签"""
    sharing.remove_signer(db.session(), item_id, actor=auth.actor(), reason=asked["reason"])


@endpoints.route(f"{ITEM}/urging", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(204)
@endpoints.arguments(Urging)
def urge(asked: dict[str, Any], item_id: int) -> None:
    """催办"""
    sharing.urge(db.session(), item_id, actor=auth.actor(), reason=asked["reason"])


@endpoints.route(f"{ITEM}/copies", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(204)
@endpoints.arguments(Copies)
def copy(asked: dict[str, Any], item_id: int) -> None:
    """抄送"""
    sharing.copy(db.session(), item_id, asked["user_ids"], actor=auth.actor(), note=asked["note"])
