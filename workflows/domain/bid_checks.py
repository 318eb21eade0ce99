"""What the team and the document of a bid (揭榜书) have to meet while they are written."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.errors import Invalid
from workflows.models import Bid, User


def check_team(session: Session, bid: Bid, rows: Sequence[Mapping[str, Any]]) -> None:
    """Raises Invalid unless ``rows`` are people of the plant, each once, the leader of ``bid`` among them as the only one."""
    fields: dict[str, list[str]] = {}
    seen: set[int] = set()
    known = set(
        session.scalars(select(User.id).where(User.id.in_([row["user_id"] for row in rows]), User.is_active))
    )
    for place, row in enumerate(rows):
        if row["user_id"] in seen:
            fields[f"members.{place}.user_id"] = ["这个人已经在团队中。"]
        elif row["user_id"] not in known:
            fields[f"members.{place}.user_id"] = ["没有这个人员。"]
        elif (row["role"] == "leader") != (row["user_id"] == bid.leader_id):
            fields[f"members.{place}.role"] = ["挂帅人有且只有申报人自己。"]
        seen.add(row["user_id"])
    if bid.leader_id not in seen:
        fields.setdefault("members", []).append("团队中缺少挂帅人自己。")
    if fields:
        raise Invalid(fields)


def check_document(bid: Bid, document: Mapping[str, Any]) -> None:
    """Raises Invalid unless ``document`` (bids.Document) pledges every indicator once and its nodes fit together."""
    fields: dict[str, list[str]] = {}
    wanted = {indicator.id: indicator.name for indicator in bid.challenge.indicators}
    pledged = [row["indicator_id"] for row in document["pledge"]]
    for place, indicator_id in enumerate(pledged):
        if indicator_id not in wanted:
            fields[f"pledge.{place}.indicator_id"] = ["这个榜单没有这项指标。"]
        elif indicator_id in pledged[:place]:
            fields[f"pledge.{place}.indicator_id"] = ["这项指标已经承诺过。"]
    missing = [name for indicator_id, name in wanted.items() if indicator_id not in pledged]
    if missing:
        fields["pledge"] = [f"还没有承诺的指标：{'、'.join(missing)}。"]
    for place, row in enumerate(document["milestones"]):
        if row.get("indicator_id") is not None and row["indicator_id"] not in wanted:
            fields[f"milestones.{place}.indicator_id"] = ["这个榜单没有这项指标。"]
        if place and row["offset_days"] < document["milestones"][place - 1]["offset_days"]:
            fields[f"milestones.{place}.offset_days"] = ["节点请按先后填写，不能早于上一个节点。"]
    if sum(row["pay_pct"] for row in document["milestones"]) != 100:
        fields["milestones"] = ["各节点的拨付比例合计应为 100%。"]
    if fields:
        raise Invalid(fields)
