"""What a log line is about: the request or the job that it belongs to, and the process behind it. Never a person: who
reviews or objects is in no log.

Bound here, put on each line by ``webapp.logs``. A request begins with nothing bound, and so does a job.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars


def of_request(request_id: str) -> None:
    """From here on lines belong to this request, until ``forget``."""
    clear_contextvars()
    bind_contextvars(request_id=request_id)


def of_process(process_id: int, digest: str) -> None:
    """From here on lines are about this process and the version it runs on (12 digits), until another is taken."""
    bind_contextvars(process_id=process_id, definition=digest[:12])


def forget() -> None:
    clear_contextvars()


@contextmanager
def of_job(source: str) -> Iterator[None]:
    """Lines within belong to this row of a job ("due:5") and to this try of it; afterwards to what they did before."""
    before = get_contextvars()
    clear_contextvars()
    bind_contextvars(job=source, job_id=uuid.uuid4().hex)
    try:
        yield
    finally:
        clear_contextvars()
        bind_contextvars(**before)
