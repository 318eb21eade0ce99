"""The approval (会签轮): its stages in the order of table approval_route, and what each signer said."""

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.db import Base
from workflows.models.challenges import Challenge
from workflows.models.organisation import Unit, User
from workflows.models.projects import Project


class ApprovalKind(StrEnum):
    PUBLISH = "publish"  # 发榜
    SELECT = "select"  # 定帅
    CHANGE = "change"  # 变更
    REWARD = "reward"  # 激励
    YEAR = "year"  # 年度计划
    APPRAISAL = "appraisal"  # 双挂钩考评


class ApprovalResult(StrEnum):
    AGREED = "agreed"  # 同意
    RETURNED = "returned"  # 退回
    REJECTED = "rejected"  # 否决


class Approval(Base):
    """审批: one subject on its way through the stages; ``result`` is null while it runs."""

    __tablename__ = "approval"
    __table_args__ = (CheckConstraint("amount_fen >= 0", name="amount_not_negative"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), index=True)  # ApprovalKind
    subject: Mapped[str] = mapped_column(String(40), index=True)  # challenge:5
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    level: Mapped[str | None] = mapped_column(String(1))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))  # whose heads sign the unit's stages
    challenge_id: Mapped[int | None] = mapped_column(ForeignKey("challenge.id"), index=True)
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"))  # whose team does not sign
    result: Mapped[str | None] = mapped_column(String(10))  # ApprovalResult
    opened_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]

    unit: Mapped[Unit | None] = relationship()
    challenge: Mapped[Challenge | None] = relationship()
    project: Mapped[Project | None] = relationship()
    stages: Mapped[list["ApprovalStage"]] = relationship(
        back_populates="approval", order_by="ApprovalStage.seq", cascade="all, delete-orphan"
    )


class ApprovalStage(Base):
    """审批环节: who was asked, and what came of it.

    ``signers`` are {role, unit, user, why}: ``user`` where one person is asked and not every holder of the role,
    ``why`` where that is somebody of the campaign office: "vacant" 空岗, "party" 当事人回避.
    """

    __tablename__ = "approval_stage"
    __table_args__ = (UniqueConstraint("approval_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    approval_id: Mapped[int] = mapped_column(ForeignKey("approval.id"))
    seq: Mapped[int]
    code: Mapped[str] = mapped_column(String(20))  # of table approval_route
    signers: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    result: Mapped[str | None] = mapped_column(String(10))  # ApprovalResult
    opened_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]

    approval: Mapped[Approval] = relationship(back_populates="stages")
    signatures: Mapped[list["Signature"]] = relationship(
        back_populates="stage", order_by="Signature.id", cascade="all, delete-orphan"
    )


class Signature(Base):
    """签署: what one signer of a stage decided; ``same_as`` where an earlier signature of theirs stands for it."""

    __tablename__ = "signature"

    id: Mapped[int] = mapped_column(primary_key=True)
    stage_id: Mapped[int] = mapped_column(ForeignKey("approval_stage.id"), index=True)
    role: Mapped[str] = mapped_column(String(30))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    decision: Mapped[str] = mapped_column(String(10))  # ApprovalResult
    opinion: Mapped[str] = mapped_column(default="")
    facts: Mapped[dict[str, Any]] = mapped_column(
        JSON, default=dict
    )  # what the form of the stage asked beside
    same_as: Mapped[int | None]  # number of the earlier stage
    signed_at: Mapped[dt.datetime]

    stage: Mapped[ApprovalStage] = relationship(back_populates="signatures")
    user: Mapped[User] = relationship()


class CollectiveDecision(Base):
    """集体决策: of 党委会 or 厂长办公会, as its secretary recorded it."""

    __tablename__ = "collective_decision"
    __table_args__ = (
        CheckConstraint("present <= should and present > 0", name="present_within_should"),
        CheckConstraint("in_favour + against + abstain = present", name="votes_make_present"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    signature_id: Mapped[int] = mapped_column(ForeignKey("signature.id"), unique=True)
    body: Mapped[str] = mapped_column(String(20))  # party_committee, exec_meeting
    meeting_no: Mapped[str] = mapped_column(String(60))
    held_on: Mapped[dt.date]
    should: Mapped[int]
    present: Mapped[int]
    in_favour: Mapped[int]
    against: Mapped[int]
    abstain: Mapped[int]
    resolution: Mapped[str]
    minutes: Mapped[list[int]] = mapped_column(JSON, default=list)  # ids of StoredFile

    signature: Mapped[Signature] = relationship()
