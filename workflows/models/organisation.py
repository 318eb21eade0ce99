"""Units, people, the posts they hold and the roles they are granted."""

import datetime as dt

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.db import Base


class Unit(Base):
    """单位: one node of the organisation tree, with its administrative and its Party side."""

    __tablename__ = "unit"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    kind: Mapped[str] = mapped_column(String(20), default="")  # domain.units.KINDS, "" when nobody has said
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    closed_on: Mapped[dt.date | None]  # 撤销: kept for what it did, chosen no more


class User(Base):
    """人员: somebody who can sign in."""

    __tablename__ = "user_account"  # "user" is a reserved word in PostgreSQL

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    password_hash: Mapped[str] = mapped_column(String(200))  # argon2
    session_version: Mapped[int] = mapped_column(default=1)  # raised to end every other session
    is_active: Mapped[bool] = mapped_column(default=True)  # may sign in
    on_duty: Mapped[bool] = mapped_column(default=True)  # 在岗, D3 E01
    banned_until: Mapped[dt.date | None]  # 诚信处罚期 through that day, D3 E02
    is_manager: Mapped[bool] = mapped_column(
        default=False
    )  # 科级以上管理人员, kept by HR and the office, D13 S06
    locale: Mapped[str] = mapped_column(String(12), default="zh_Hans_CN")
    email: Mapped[str] = mapped_column(String(120), default="")
    must_change_password: Mapped[bool] = mapped_column(default=False)  # a one-time password was given

    unit: Mapped[Unit] = relationship(lazy="joined", innerjoin=True)
    grants: Mapped[list["RoleGrant"]] = relationship(back_populates="user", cascade="all, delete-orphan")


class RoleGrant(Base):
    """任职: ``user`` acts as ``role`` (a lane of the diagrams) for ``unit``, or for the whole plant without one."""

    __tablename__ = "role_grant"
    __table_args__ = (UniqueConstraint("user_id", "role", "unit_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    role: Mapped[str] = mapped_column(String(30), index=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))

    user: Mapped[User] = relationship(back_populates="grants")


class Post(Base):
    """岗位: a post of a unit, carrying both duties (一岗双责)."""

    __tablename__ = "post"
    __table_args__ = (UniqueConstraint("unit_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(30), unique=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    name: Mapped[str] = mapped_column(String(80))
    business_duty: Mapped[str] = mapped_column(default="")
    party_duty: Mapped[str] = mapped_column(default="")
    closed_on: Mapped[dt.date | None]


class PostHolding(Base):
    """``user`` holds ``post``; several may."""

    __tablename__ = "post_holding"

    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True, index=True)
    from_day: Mapped[dt.date | None]  # None where nobody has kept it

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class PastHolding(Base):
    """``user`` held ``post`` through ``to_day``."""

    __tablename__ = "past_holding"

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    from_day: Mapped[dt.date | None]
    to_day: Mapped[dt.date]

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class ApiToken(Base):
    """A bearer token of the API: only its SHA-256 is kept."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime | None]

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class Expert(Base):
    """评审专家: somebody who may be drawn into a panel."""

    __tablename__ = "expert"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    fields: Mapped[list[str]] = mapped_column(JSON, default=list)
    barred_until: Mapped[dt.date | None]  # 黑名单, through that day

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)
