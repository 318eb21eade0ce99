"""The sender of the outbox: a thread beside the jobs, so that a slow mail server does not hold the clock up."""

import threading
import time
from email.message import EmailMessage

import structlog
from flask import Flask
from flask.ctx import RequestContext
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from webapp import letters, smtp
from workflows import inboxes, metrics, traces
from workflows.db import Database
from workflows.domain import accounts, notice_kinds, outbox, passwords
from workflows.models import Mail, User

log = structlog.get_logger("mail")

BATCH = 100
POLL_SECONDS = 5.0


def set_up(app: Flask) -> None:
    """Let notices and links be mailed if the settings name a server. Raises ValueError for half a setting."""
    url = app.config["SMTP_URL"]
    if url:
        smtp.server(url, timeout=app.config["SMTP_TIMEOUT"])
        missing = [name for name in ("PUBLIC_URL", "MAIL_FROM") if not app.config[name]]
        if missing:
            raise ValueError(
                f"JIEBANG_SMTP_URL needs {' and '.join(f'JIEBANG_{one}' for one in missing)} too"
            )
    outbox.use_server(is_there=bool(url))


def start_thread(app: Flask) -> None:
    """Send in a daemon thread of this process, if there is a server to send to."""
    if app.config["SMTP_URL"]:
        threading.Thread(target=work_forever, args=(app,), name="mail", daemon=True).start()


def work_forever(app: Flask, stop: threading.Event | None = None) -> None:
    """Send what waits until ``stop`` is set."""
    pause = stop or threading.Event()
    while not pause.is_set():
        done = 0
        try:
            done = run_once(app)
        except OperationalError as error:
            log.warning("database away", error=str(error.orig))
        except Exception:  # the sender must not stop for one bad round
            log.exception("round of mail failed")
        if not done:
            pause.wait(POLL_SECONDS)


def run_once(app: Flask) -> int:
    """Send what waits now, each mail outside of any transaction; how many were tried."""
    database: Database = app.extensions["database"]
    with database.read() as session:
        ids = outbox.waiting(session, BATCH)
    for mail_id in ids:
        with traces.of_job(f"mail:{mail_id}"):
            _attempt(app, database, mail_id)
    return len(ids)


def _attempt(app: Flask, database: Database, mail_id: int) -> None:
    # The message is made in the transaction that claims it, and sent after: a link's token is in it alone.
    with database.transaction() as session:
        mail = outbox.claim(session, mail_id)
        made = _message(app, session, mail) if mail is not None else None
    if made is None:
        return
    message, ids = made
    server, began = (
        smtp.server(app.config["SMTP_URL"], timeout=app.config["SMTP_TIMEOUT"]),
        time.perf_counter(),
    )
    try:
        smtp.send(server, message)
    except smtp.Undelivered as error:
        log.warning("mail not sent", mails=ids, error=str(error), for_good=error.for_good)
        with database.transaction() as session:
            for one in ids:
                outbox.failed(session, one, error=str(error), for_good=error.for_good)
        metrics.job_done("mail", "failed", time.perf_counter() - began)
    else:
        with database.transaction() as session:
            for one in ids:
                outbox.sent(session, one)
        metrics.job_done("mail", "done", time.perf_counter() - began)


def _message(app: Flask, session: Session, mail: Mail) -> tuple[EmailMessage, list[int]] | None:
    """What to send now, and the mails that it answers for; None, and they wait or are no more, when nothing is."""
    is_link = mail.notice_id is None and mail.item_id is None
    to = mail.user if mail.user is not None else accounts.to_mail(session, mail.asked)
    if to is None or not to.is_active or not to.email:
        outbox.drop(session, mail.id)
        return None
    mail.user_id, mail.asked = to.id, ""
    if is_link:
        with _spoken(app, to):
            letter = letters.new_password(passwords.new_link(session, to))
            return letters.message(letter, to=to, number=mail.id), [mail.id]
    return _news(app, session, mail, to)


def _news(app: Flask, session: Session, mail: Mail, to: User) -> tuple[EmailMessage, list[int]] | None:
    """What has happened: one thing, or for who wants it so all of the day."""
    habit = notice_kinds.habit(session, to.id)
    until = outbox.not_before(habit, mail)
    if until is not None:
        outbox.put_off(session, mail.id, until=until)
        return None
    mails = [mail, *(outbox.claim_rest(session, to.id) if habit.is_digest else [])]
    told = [(one, line) for one in mails if (line := _line(session, one)) is not None]
    for one in mails:
        if one not in [kept for kept, _ in told]:
            outbox.drop(session, one.id)
    if not told:
        return None
    with _spoken(app, to):
        letter = letters.news([line for _, line in told])
        return letters.message(letter, to=to, number=mail.id), [one.id for one, _ in told]


def _line(session: Session, mail: Mail) -> tuple[str, str] | None:
    """The text and the path that a mail tells of; None when the task has gone or the notice was read."""
    if mail.notice is not None:
        was_read = mail.notice.in_app and mail.notice.read_at is not None
        return None if was_read else (mail.notice.text, mail.notice.link)
    if mail.item_id is None or mail.user_id is None:
        return None
    return inboxes.arrived(session, mail.item_id, user_id=mail.user_id)


def _spoken(app: Flask, to: User) -> RequestContext:
    """A context in the language of ``to``."""
    language = "en" if to.locale == "en" else "zh-CN"
    return app.test_request_context("/", headers={"Accept-Language": language})
