"""The pledge (军令状): its terms, who signed which version, and the paper that was sealed."""

import datetime as dt
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.db import Base
from workflows.models.files import StoredFile
from workflows.models.organisation import User
from workflows.models.projects import Project


class PledgeState(StrEnum):
    TERMS = "terms"  # 条款协商
    CHECKING = "checking"  # 法务财务审核
    SIGNING = "signing"  # 签署
    SEALED = "sealed"  # 已归档
    GIVEN_UP = "given_up"  # 拒签或逾期未签, 放弃


class Pledge(Base):
    """军令状: one a project; ``version`` counts the terms as the leader proposed them anew."""

    __tablename__ = "pledge"
    __table_args__ = (CheckConstraint("deposit_fen >= 0", name="deposit_not_negative"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), unique=True)
    version: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(10), default=PledgeState.TERMS)
    tech_power: Mapped[str] = mapped_column(default="")  # 技术路线决定权 and its limits
    funds_power: Mapped[str] = mapped_column(default="")  # 经费支配权
    people_power: Mapped[str] = mapped_column(default="")  # 人员调配权
    penalties: Mapped[str] = mapped_column(default="")
    deposit_fen: Mapped[int] = mapped_column(BigInteger, default=0)  # 风险抵押金
    support_list: Mapped[str] = mapped_column(default="")
    remind_at: Mapped[dt.datetime]  # unsigned then: the heads are reminded
    lapse_at: Mapped[dt.datetime]  # unsigned then: given up
    no: Mapped[str | None] = mapped_column(String(40), unique=True)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))  # the paper, a .docx
    paper_hash: Mapped[str | None] = mapped_column(String(64))  # SHA-256 of the paper
    sealed_at: Mapped[dt.datetime | None]

    project: Mapped[Project] = relationship()
    file: Mapped[StoredFile | None] = relationship()
    signatures: Mapped[list["PledgeSignature"]] = relationship(
        back_populates="pledge", order_by="PledgeSignature.id", cascade="all, delete-orphan"
    )


class PledgeSignature(Base):
    """签署: of one version, in the order of signing; ``capacity`` says for whom (所在单位行政负责人)."""

    __tablename__ = "pledge_signature"
    __table_args__ = (UniqueConstraint("pledge_id", "version", "capacity"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    pledge_id: Mapped[int] = mapped_column(ForeignKey("pledge.id"))
    version: Mapped[int]
    capacity: Mapped[str] = mapped_column(String(60))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    agree: Mapped[bool]
    opinion: Mapped[str] = mapped_column(default="")
    signed_at: Mapped[dt.datetime]

    pledge: Mapped[Pledge] = relationship(back_populates="signatures")
    user: Mapped[User] = relationship()
