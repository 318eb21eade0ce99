"""批量同意: saying yes to several tasks, each in a transaction of its own, and telling of each what came of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.exc import OperationalError

from webapp import auth, db, logs
from workflows import batches, watch, work
from workflows.errors import Refusal

FAILED = "系统出错，这一项没有办成。请稍后重试，或告诉管理员。"


@dataclass(frozen=True)
class Answer:
    """What came of agreeing to one item; ``refusal`` None when it is done."""

    item_id: int
    subject: str
    refusal: str | None


def give(ids: Iterable[int], *, process_name: str, step: str, opinion: str) -> list[Answer]:
    """Agree to each of ``ids``, the lowest first, as who is signed in. Commits after each."""
    return [_one(item_id, process_name, step, opinion) for item_id in sorted(set(ids))]


def _one(item_id: int, process_name: str, step: str, opinion: str) -> Answer:
    session, refusal = db.session(), None
    kind = {"process_name": process_name, "step": step}
    try:
        batches.agree(session, item_id, **kind, opinion=opinion, actor=auth.actor())
        session.commit()
    except Refusal as error:
        session.rollback()
        refusal = str(error)
    except work.StepFailed as error:
        session.rollback()
        watch.report(db.database(), error)
        refusal = FAILED
    except OperationalError:  # the database is away: nothing is wrong with the task
        raise
    except Exception:  # one bad task must not keep what became of the others from being told
        logs.logger.exception("agreement failed", item_id=item_id)
        session.rollback()
        refusal = FAILED
    return Answer(item_id, batches.subject_of(session, item_id, actor=auth.actor()), refusal)
