"""What the engine stores: definitions, processes, work items and rounds, due rows, messages, incidents, history."""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.db import Base, Payload

RUNNING, SUSPENDED, COMPLETED, TERMINATED = "running", "suspended", "completed", "terminated"
LIVE = (RUNNING, SUSPENDED)  # under way, though it may be halted
OPEN, DONE, CANCELLED = "open", "done", "cancelled"
# Of one process in a migration: DONE as of a work item, beside these.
PLANNED, REFUSED, UNDOING, UNDONE = "planned", "refused", "undoing", "undone"
DECIDED = text("verb = 'decide'")
HALTED = text("status = 'suspended'")
WATCHED = text("next_try_at IS NOT NULL")


class Leased:
    """A row that some worker does. While ``leased_until`` lies ahead, one has it (engine.leases)."""

    leased_until: Mapped[dt.datetime | None]


class DefinitionFile(Base):
    """One version of a bundle: the diagram and what it needs, as it was when a process first ran on it."""

    __tablename__ = "definition"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 over names and contents
    process: Mapped[str] = mapped_column(String(60), index=True)  # id of the BPMN process
    files: Mapped[bytes] = mapped_column(LargeBinary)  # zstd over JSON {file name: text}
    stored_at: Mapped[dt.datetime]


class Deployment(Base):
    """部署: a version that took the place of another as the one on which a process begins; the last one counts."""

    __tablename__ = "deployment"

    id: Mapped[int] = mapped_column(primary_key=True)
    process: Mapped[str] = mapped_column(String(60), index=True)
    digest: Mapped[str] = mapped_column(ForeignKey("definition.digest"))
    at: Mapped[dt.datetime]
    by_id: Mapped[int | None]  # None: an operator on the host, or a release


class Process(Base):
    """流程实例: one running or ended process under its version."""

    __tablename__ = "process"
    __table_args__ = (Index("ix_process_suspended", "id", sqlite_where=HALTED, postgresql_where=HALTED),)

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(ForeignKey("definition.digest"))
    name: Mapped[str] = mapped_column(String(60), index=True)  # id of the BPMN process
    subject: Mapped[str] = mapped_column(String(200))  # what it is about, for people
    subject_path: Mapped[str] = mapped_column(String(100), index=True)  # where that is shown: /bids/3
    status: Mapped[str] = mapped_column(String(12), default=RUNNING)
    version: Mapped[int] = mapped_column()  # raised by every change
    state: Mapped[bytes] = mapped_column(LargeBinary)  # engine.codec
    mail: Mapped[int] = mapped_column(default=0)  # messages that arrived before anything waited for them
    is_troubled: Mapped[bool] = mapped_column(
        default=False
    )  # a step behind an act or a timer has failed since
    history_seq: Mapped[int] = mapped_column(default=0)
    history_head: Mapped[str] = mapped_column(String(64), default="")
    started_by_id: Mapped[int | None] = mapped_column(index=True)
    started_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]

    __mapper_args__ = {"version_id_col": version}  # every update names the version that was read


class ProcessKey(Base):
    """A value under which messages find the process: challenge_id = 5."""

    __tablename__ = "process_key"
    __table_args__ = (Index(None, "key", "value"),)

    process_id: Mapped[int] = mapped_column(ForeignKey("process.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(80))


class Round(Base):
    """会签轮: several people on one user task, decided by a policy (engine.rounds)."""

    __tablename__ = "round"

    id: Mapped[int] = mapped_column(primary_key=True)
    process_id: Mapped[int] = mapped_column(ForeignKey("process.id"), index=True)
    token: Mapped[int]
    policy: Mapped[str] = mapped_column(String(12))
    ratio: Mapped[str | None] = mapped_column(String(40))  # exact decimal 0..1, for ratio and weighted
    veto: Mapped[bool] = mapped_column(default=False)  # one "no" decides at once
    result: Mapped[str | None] = mapped_column(String(10))  # agreed, rejected; null while open


class WorkItem(Leased, Base):
    """待办: somebody was asked to do something, and what came of it."""

    __tablename__ = "work_item"
    __table_args__ = (
        Index(None, "audience", "status"),
        Index(None, "done_by_id", "done_at"),
        Index("ix_work_item_next_try_at", "next_try_at", sqlite_where=WATCHED, postgresql_where=WATCHED),
        Index("ix_work_item_open_token", "process_id", "token", postgresql_where=text("status = 'open'")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    process_id: Mapped[int] = mapped_column(ForeignKey("process.id"))
    token: Mapped[int]  # the waiting task in the process state
    round_id: Mapped[int | None] = mapped_column(ForeignKey("round.id"), index=True)
    node: Mapped[str] = mapped_column(String(80))  # id in the diagram
    step: Mapped[str] = mapped_column(String(80))  # bid.seal
    role: Mapped[str] = mapped_column(String(30))  # the lane
    # Who may do it: "user:7", "role:office", "role:leader@3" (of unit 3), "post:4", or "listed" (WorkCandidate).
    audience: Mapped[str] = mapped_column(String(60))
    seq: Mapped[int] = mapped_column(default=0)  # order in a sequential round
    weight: Mapped[str] = mapped_column(String(40), default="1")  # exact decimal, in a weighted round
    status: Mapped[str] = mapped_column(String(10), default=OPEN)  # waiting (its turn), open, done, cancelled
    claimed_by_id: Mapped[int | None]
    created_at: Mapped[dt.datetime]
    due_at: Mapped[dt.datetime | None]
    next_try_at: Mapped[
        dt.datetime | None
    ]  # the next reminder, or later after a failure; null: none will come
    remind_days: Mapped[int | None]  # which one that is: working days from due_at
    tries: Mapped[int] = mapped_column(default=0)  # of that one
    done_at: Mapped[dt.datetime | None]
    done_by_id: Mapped[int | None]
    done_for_id: Mapped[int | None]  # whose substitute did it
    agree: Mapped[bool | None]  # the vote, where the step is one
    opinion: Mapped[str | None]
    delegated_by_id: Mapped[int | None]  # to whom it comes back once the delegate has answered
    waits_for_id: Mapped[int | None]  # the item of a signer added before this one, who answers first
    urged_at: Mapped[dt.datetime | None]  # when somebody last urged whoever is asked

    process: Mapped[Process] = relationship()


class WorkCandidate(Base):
    """One of several people who may do a work item whose audience is "listed"."""

    __tablename__ = "work_candidate"

    item_id: Mapped[int] = mapped_column(ForeignKey("work_item.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True, index=True)


class Due(Leased, Base):
    """到期: the clock has to fire a timer of the diagram at ``due_at``."""

    __tablename__ = "due"
    __table_args__ = (
        UniqueConstraint("process_id", "token", "node"),
        Index(None, "next_try_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    process_id: Mapped[int] = mapped_column(ForeignKey("process.id"))
    token: Mapped[int]  # the waiting task in the process state
    node: Mapped[str] = mapped_column(String(80))  # the event in the diagram
    due_at: Mapped[dt.datetime]
    next_try_at: Mapped[dt.datetime]  # due_at, or later after a failure
    tries: Mapped[int] = mapped_column(default=0)


class Message(Leased, Base):
    """消息: written by its sender's transaction, delivered by a job."""

    __tablename__ = "message"
    __table_args__ = (Index(None, "status", "id"), Index(None, "key", "value"))

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    key: Mapped[str] = mapped_column(String(40))
    value: Mapped[str] = mapped_column(String(80))
    payload: Mapped[dict[str, Any]] = mapped_column(Payload)  # ids, decisions, deadlines
    sender_id: Mapped[int | None] = mapped_column(ForeignKey("process.id"))
    sent_at: Mapped[dt.datetime]
    status: Mapped[str] = mapped_column(String(10), default="new")  # new, kept (nobody yet), spread
    next_try_at: Mapped[dt.datetime | None]  # null: at once; later after a failure
    tries: Mapped[int] = mapped_column(default=0)


class Delivery(Leased, Base):
    """One message for one receiver, delivered once, in a transaction of its own."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("message_id", "process_id"),
        UniqueConstraint("message_id", "starts"),
        Index(None, "status", "next_try_at"),
        Index(None, "process_id", "status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"))
    process_id: Mapped[int | None] = mapped_column(ForeignKey("process.id"))
    starts: Mapped[str | None] = mapped_column(String(60))  # or the process that the message starts
    status: Mapped[str] = mapped_column(
        String(10), default="due"
    )  # due, early (nothing waits yet), done, void
    next_try_at: Mapped[dt.datetime]
    tries: Mapped[int] = mapped_column(default=0)

    message: Mapped[Message] = relationship(lazy="joined", innerjoin=True)


class Incident(Base):
    """故障: an automatic step failed; nothing of it happened; it is tried again, and people can see it."""

    __tablename__ = "incident"
    __table_args__ = (Index(None, "resolved_at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    process_id: Mapped[int | None] = mapped_column(ForeignKey("process.id"), index=True)
    source: Mapped[str] = mapped_column(String(40))  # due:5, delivery:7, item:9
    node: Mapped[str] = mapped_column(String(80))
    error: Mapped[str] = mapped_column(String(500))
    detail: Mapped[str]  # traceback
    tries: Mapped[int] = mapped_column(default=1)
    first_at: Mapped[dt.datetime]
    last_at: Mapped[dt.datetime]
    resolved_at: Mapped[dt.datetime | None]


class Migration(Base):
    """迁移: running processes of one name moved to another version, each in a transaction of its own."""

    __tablename__ = "migration"

    id: Mapped[int] = mapped_column(primary_key=True)
    process: Mapped[str] = mapped_column(String(60), index=True)
    digest: Mapped[str] = mapped_column(ForeignKey("definition.digest"))  # where they go
    mapping: Mapped[dict[str, str]] = mapped_column(JSON)  # new ids of boxes by old ones
    reason: Mapped[str] = mapped_column(String(200))
    at: Mapped[dt.datetime]
    by_id: Mapped[int | None]


class MigrationItem(Leased, Base):
    """One process of a migration. ``state`` and ``written`` are kept so that it can be undone (engine.migrating)."""

    __tablename__ = "migration_item"
    __table_args__ = (
        UniqueConstraint("migration_id", "process_id"),
        Index("ix_migration_item_next_try_at", "next_try_at", sqlite_where=WATCHED, postgresql_where=WATCHED),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    migration_id: Mapped[int] = mapped_column(ForeignKey("migration.id"), index=True)
    process_id: Mapped[int] = mapped_column(ForeignKey("process.id"), index=True)
    status: Mapped[str] = mapped_column(String(10), default=PLANNED)
    problems: Mapped[list[list[str]]] = mapped_column(JSON, default=list)  # id of the box, why
    from_digest: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[bytes | None] = mapped_column(LargeBinary)  # before it was moved
    written: Mapped[str | None] = mapped_column(String(64))  # SHA-256 of the state that moving it wrote
    undo_reason: Mapped[str | None] = mapped_column(String(200))
    undo_by_id: Mapped[int | None]
    next_try_at: Mapped[dt.datetime | None]  # null: nothing is to be done with it
    tries: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[dt.datetime | None]

    migration: Mapped[Migration] = relationship(lazy="joined", innerjoin=True)


class HistoryEntry(Base):
    """履历: one act. Append-only; each row's hash covers the one before it in the same process."""

    __tablename__ = "history"
    __table_args__ = (
        Index(None, "actor_id", "at"),
        Index("ix_history_decided", "at", sqlite_where=DECIDED, postgresql_where=DECIDED),
    )

    process_id: Mapped[int] = mapped_column(ForeignKey("process.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime]
    actor_id: Mapped[int | None]  # null: the system
    for_id: Mapped[int | None]  # on whose behalf
    verb: Mapped[str] = mapped_column(String(20))
    node: Mapped[str] = mapped_column(String(80))
    item_id: Mapped[int | None]
    reason: Mapped[str]
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
    hash: Mapped[str] = mapped_column(String(64))


class Worker(Base):
    """后台进程: a process of a machine that does jobs or hands them out, as it last said of itself."""

    __tablename__ = "worker"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)  # host:pid, and what it was started as
    kind: Mapped[str] = mapped_column(String(12))  # embedded, worker, relay, celery
    host: Mapped[str] = mapped_column(String(80))
    pid: Mapped[int]
    started_at: Mapped[dt.datetime]
    seen_at: Mapped[dt.datetime]
    done: Mapped[int] = mapped_column(default=0)  # rows since it was started
    failed: Mapped[int] = mapped_column(default=0)
    queued: Mapped[int | None]  # of a relay: what lies in the queue of the broker
    trouble: Mapped[str] = mapped_column(String(300), default="")  # why it does nothing; empty: all is well
