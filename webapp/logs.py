"""One line per request and event, JSON or console, each with what it is about (workflows/traces.py): the id of the
request or job, and of the process behind it. Form bodies are never logged, nor who sent them."""

import logging
import re
import time
import uuid
from typing import Any

import structlog
from flask import Flask, g, request
from werkzeug import Response

from workflows import traces

WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")

HANDLER = "jiebang"
QUIET = {"static", "health.alive", "health.measured"}  # asked for again and again by pages and monitors
logger = structlog.stdlib.get_logger("web")


def request_id() -> str:
    """The id of this request: the caller's X-Request-ID if well-formed, else a new one."""
    if "request_id" not in g:
        given = request.headers.get("X-Request-ID", "")
        g.request_id = given if WELL_FORMED.fullmatch(given) else uuid.uuid4().hex
    kept: str = g.request_id
    return kept


def set_up(app: Flask) -> None:
    configure(app)
    app.before_request(_begin)
    app.after_request(_end)


def configure(app: Flask) -> None:
    """Let this process log as ``app`` wants."""
    _configure(app.config["LOG_FORMAT"], app.config["LOG_LEVEL"])


def _configure(shape: str, level: str) -> None:
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    renderer: Any = (
        structlog.dev.ConsoleRenderer()
        if shape == "console"
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    handler.set_name(HANDLER)
    root = logging.getLogger()
    root.handlers = [kept for kept in root.handlers if kept.get_name() != HANDLER] + [handler]
    root.setLevel(level)
    logging.getLogger("werkzeug").setLevel("WARNING")  # its line per request repeats ours
    logging.getLogger("weasyprint.progress").setLevel("WARNING")  # a line for every step of a paper


def _begin() -> None:
    g.began = time.perf_counter()
    traces.of_request(request_id())


def _end(response: Response) -> Response:
    response.headers["X-Request-ID"] = request_id()
    if request.endpoint not in QUIET:
        logger.info(
            "request",
            method=request.method,
            path=_path(),
            status=response.status_code,
            ms=round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1),
        )
    traces.forget()
    return response


def _path() -> str:
    """The path; of a link that sets a password without the secret in it."""
    if request.endpoint in ("password_reset.show", "password_reset.set_password"):
        return "/password-reset/…"
    return request.path
