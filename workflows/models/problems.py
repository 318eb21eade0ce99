"""The problem (难题) that an employee raises, and the challenges that came of problems."""

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.db import Base
from workflows.models.campaigns import Batch
from workflows.models.challenges import Challenge
from workflows.models.organisation import Unit, User


class ProblemState(StrEnum):
    SUBMITTED = "submitted"  # 待点题
    FIXING = "fixing"  # 立即整改
    RESOLVED = "resolved"  # 已整改
    MERGED = "merged"  # 已合并
    DECLINED = "declined"  # 不采纳
    ESCALATED = "escalated"  # 已上报，待凝练
    REFINING = "refining"  # 凝练论证
    ADOPTED = "adopted"  # 已立榜
    REJECTED = "rejected"  # 不立榜


class TriageAction(StrEnum):
    FIX = "fix"  # 立即整改
    MERGE = "merge"  # 合并
    ESCALATE = "escalate"  # 上报厂级
    DECLINE = "decline"  # 不采纳


class Problem(Base):
    """难题: what hinders the work, as whoever met it tells it."""

    __tablename__ = "problem"
    __table_args__ = (
        CheckConstraint("loss_year_fen >= 0", name="loss_not_negative"),
        CheckConstraint("merged_into_id <> id", name="not_merged_into_itself"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batch.id"), index=True)
    proposer_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    unit_id: Mapped[int] = mapped_column(
        ForeignKey("unit.id"), index=True
    )  # the proposer's, which triages it
    anonymous: Mapped[bool] = mapped_column(default=False)  # nobody else is shown who proposed it
    title: Mapped[str] = mapped_column(String(120))
    category: Mapped[str] = mapped_column(String(10))  # Category
    scene: Mapped[str]
    root_cause: Mapped[str] = mapped_column(default="")
    loss_year_fen: Mapped[int | None] = mapped_column(BigInteger)
    freq: Mapped[str] = mapped_column(String(60), default="")
    wanted: Mapped[str] = mapped_column(default="")
    willing_join: Mapped[bool] = mapped_column(default=False)
    level_hint: Mapped[str | None] = mapped_column(String(10))  # 基层, 厂级, 油田级
    attachments: Mapped[list[int]] = mapped_column(JSON, default=list)  # ids of StoredFile
    state: Mapped[str] = mapped_column(String(10), index=True, default=ProblemState.SUBMITTED)
    submitted_at: Mapped[dt.datetime]
    similar: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)  # {kind, id, title, score}
    triage_action: Mapped[str | None] = mapped_column(String(10))  # TriageAction
    triage_reason: Mapped[str] = mapped_column(default="")
    marks: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)  # s1..s6 -> 0..5
    triaged_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    triaged_at: Mapped[dt.datetime | None]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("problem.id"), index=True)
    reply: Mapped[str] = mapped_column(default="")
    replied_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    replied_at: Mapped[dt.datetime | None]

    batch: Mapped[Batch | None] = relationship()
    unit: Mapped[Unit] = relationship(lazy="joined", innerjoin=True)
    proposer: Mapped[User] = relationship(foreign_keys=[proposer_id])
    triaged_by: Mapped[User | None] = relationship(foreign_keys=[triaged_by_id])
    replied_by: Mapped[User | None] = relationship(foreign_keys=[replied_by_id])
    merged_into: Mapped["Problem | None"] = relationship(remote_side=[id])
    challenges: Mapped[list[Challenge]] = relationship(secondary="challenge_problem", order_by=Challenge.id)

    @property
    def challenge_ids(self) -> list[int]:
        return [one.id for one in self.challenges]


class ChallengeProblem(Base):
    """A challenge condenses one problem and those merged into it."""

    __tablename__ = "challenge_problem"

    challenge_id: Mapped[int] = mapped_column(ForeignKey("challenge.id"), primary_key=True)
    problem_id: Mapped[int] = mapped_column(ForeignKey("problem.id"), primary_key=True, index=True)
