"""验收: how a project was accepted: what was applied for, verified and scored, and the benefit found."""

import datetime as dt
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Numeric,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.db import Base
from workflows.models.challenges import Challenge, Indicator
from workflows.models.organisation import User
from workflows.models.panels import PanelMember
from workflows.models.projects import Project


class AcceptanceState(StrEnum):
    APPLYING = "applying"  # 自验
    CHECKING = "checking"  # 资料审查
    SUPPLEMENTING = "supplementing"  # 补正
    VERIFYING = "verifying"  # 核验核效
    SCORING = "scoring"  # 验收会
    RECTIFYING = "rectifying"  # 整改
    RECHECKING = "rechecking"  # 复验
    IN_PUBLICITY = "in_publicity"  # 公示
    ASSESSING = "assessing"  # 责任认定
    ACCEPTED = "accepted"  # 通过
    NOT_ACCEPTED = "not_accepted"  # 不通过


class Acceptance(Base):
    """验收 of a project; ``attempt`` counts the panels that scored it, ``received_on`` is what timeliness counts.

    Score and met ratio are rounded down where they do not end, so that no threshold is reached by rounding.
    """

    __tablename__ = "acceptance"
    __table_args__ = (
        CheckConstraint("score between 0 and 100", name="score_is_percent"),
        CheckConstraint("met_ratio between 0 and 1", name="met_ratio_is_share"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), unique=True)
    state: Mapped[str] = mapped_column(String(14), index=True, default=AcceptanceState.APPLYING)
    attempt: Mapped[int] = mapped_column(default=1)
    report: Mapped[list[int]] = mapped_column(JSON, default=list)  # ids of StoredFile
    claim_formula: Mapped[str] = mapped_column(default="")  # of the benefit, by the leader
    claim_gross_fen: Mapped[int | None] = mapped_column(BigInteger)
    claim_cost_fen: Mapped[int | None] = mapped_column(BigInteger)
    claim_period: Mapped[str] = mapped_column(String(60), default="")
    rights: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)  # 知识产权 {kind, title, number}
    rollout_advice: Mapped[str] = mapped_column(default="")
    applied_at: Mapped[dt.datetime | None]
    received_on: Mapped[dt.date | None]
    score: Mapped[Decimal | None] = mapped_column(Numeric(12, 8))
    hard_ok: Mapped[bool] = mapped_column(default=False)  # every hard indicator is met
    met_ratio: Mapped[Decimal] = mapped_column(Numeric(10, 8), default=Decimal(0))  # 1 only when all are met
    is_rectified: Mapped[bool] = mapped_column(default=False)  # 整改后复验通过
    verdict: Mapped[str | None] = mapped_column(String(10))  # of table acceptance_verdict
    decided_on: Mapped[dt.date | None]

    project: Mapped[Project] = relationship()
    indicators: Mapped[list["IndicatorVerification"]] = relationship(
        back_populates="acceptance",
        order_by="IndicatorVerification.indicator_id",
        cascade="all, delete-orphan",
    )
    opinions: Mapped[list["AcceptanceOpinion"]] = relationship(
        back_populates="acceptance", order_by="AcceptanceOpinion.id", cascade="all, delete-orphan"
    )

    @property
    def challenge(self) -> Challenge:
        """What the project was to achieve."""
        return self.project.challenge


class IndicatorVerification(Base):
    """指标核验: what the leader claims of one indicator, and what its department measured."""

    __tablename__ = "indicator_verification"
    __table_args__ = (UniqueConstraint("acceptance_id", "indicator_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    acceptance_id: Mapped[int] = mapped_column(ForeignKey("acceptance.id"))
    indicator_id: Mapped[int] = mapped_column(ForeignKey("indicator.id"))
    claimed: Mapped[Decimal] = mapped_column(Numeric(18, 4))
    pledged: Mapped[Decimal | None] = mapped_column(Numeric(18, 4))  # in force when it was measured
    measured: Mapped[Decimal | None] = mapped_column(Numeric(18, 4))
    is_met: Mapped[bool | None]  # against the pledge
    remark: Mapped[str] = mapped_column(default="")
    verifier_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    verified_at: Mapped[dt.datetime | None]

    acceptance: Mapped[Acceptance] = relationship(back_populates="indicators")
    indicator: Mapped[Indicator] = relationship(lazy="joined", innerjoin=True)
    verifier: Mapped[User | None] = relationship()


class OpinionKind(StrEnum):
    MATERIAL = "material"  # 资料审查
    SUPPLEMENT = "supplement"  # 补正
    SAFETY = "safety"  # 安全环保意见
    SITE = "site"  # 现场核查
    RECTIFICATION = "rectification"  # 整改
    RECHECK = "recheck"  # 复验


class AcceptanceOpinion(Base):
    """What somebody found or did on the way to the verdict; ``is_ok`` null where no yes or no was asked."""

    __tablename__ = "acceptance_opinion"

    id: Mapped[int] = mapped_column(primary_key=True)
    acceptance_id: Mapped[int] = mapped_column(ForeignKey("acceptance.id"), index=True)
    kind: Mapped[str] = mapped_column(String(14))
    role: Mapped[str] = mapped_column(String(30))
    is_ok: Mapped[bool | None]
    text: Mapped[str] = mapped_column(default="")
    files: Mapped[list[int]] = mapped_column(JSON, default=list)  # ids of StoredFile
    given_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    given_at: Mapped[dt.datetime]

    acceptance: Mapped[Acceptance] = relationship(back_populates="opinions")
    given_by: Mapped[User] = relationship()


class AcceptanceScore(Base):
    """验收评分表 of one seat: a score 0..100 by criterion, exactly as signed, and their weighted total."""

    __tablename__ = "acceptance_score"

    id: Mapped[int] = mapped_column(primary_key=True)
    acceptance_id: Mapped[int] = mapped_column(ForeignKey("acceptance.id"), index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("panel_member.id"), unique=True)
    attempt: Mapped[int]
    items: Mapped[list[dict[str, str]]] = mapped_column(JSON)  # {criterion, weight, score}
    total: Mapped[Decimal] = mapped_column(Numeric(12, 8))  # rounded down; the mean is made from the items
    remark: Mapped[str] = mapped_column(default="")
    signed_at: Mapped[dt.datetime]

    acceptance: Mapped[Acceptance] = relationship()
    member: Mapped[PanelMember] = relationship()


class BenefitAudit(Base):
    """财务核效: the verified net benefit of a year, which may be negative; null where it is not measurable."""

    __tablename__ = "benefit_audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    method: Mapped[str] = mapped_column(default="")
    gross_fen: Mapped[int | None] = mapped_column(BigInteger)
    cost_fen: Mapped[int | None] = mapped_column(BigInteger)
    net_benefit_fen: Mapped[int | None] = mapped_column(BigInteger)
    remark: Mapped[str] = mapped_column(default="")
    audited_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    audited_at: Mapped[dt.datetime | None]

    project: Mapped[Project] = relationship()
    audited_by: Mapped[User | None] = relationship()


class PostEvaluation(Base):
    """后评价: the benefit realised in the year after acceptance; null where none was given."""

    __tablename__ = "post_evaluation"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), unique=True)
    realised_fen: Mapped[int | None] = mapped_column(BigInteger)
    remark: Mapped[str] = mapped_column(default="")  # of finance
    is_in_use: Mapped[bool | None]  # what the sponsor says of the result
    usage: Mapped[str] = mapped_column(default="")
    evaluated_at: Mapped[dt.datetime | None]  # both have spoken

    project: Mapped[Project] = relationship()


class RaceResult(Base):
    """赛马结果: once no team is under way; ``project_id`` is the best accepted one, null without any."""

    __tablename__ = "race_result"

    challenge_id: Mapped[int] = mapped_column(ForeignKey("challenge.id"), primary_key=True)
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"))

    challenge: Mapped[Challenge] = relationship()
