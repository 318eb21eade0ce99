"""Every setting, its default and what it means. Set them in the environment with the prefix JIEBANG_."""

import secrets
from pathlib import Path
from typing import Any

from environs import Env

from workflows import seal

ROOT = Path(__file__).resolve().parent.parent


def load(**overrides: Any) -> dict[str, Any]:
    """The settings for Flask, with ``overrides`` by their names here (DATA, DATABASE_URL, ...) on top."""
    settings = {**_from_environment(), **overrides}
    data = Path(settings["DATA"])
    data.mkdir(parents=True, exist_ok=True)
    settings["DATABASE_URL"] = settings["DATABASE_URL"] or f"sqlite:///{data / 'jiebang.db'}"
    settings["SEAL_KEY"] = Path(settings["SEAL_KEY"] or data / "seal.key")
    settings["FILES"] = Path(settings["FILES"] or data / "files")
    settings["SECRET_KEY"] = settings["SECRET_KEY"] or _kept_secret(data / "secret.key")
    return {**settings, **_for_libraries(settings)}


def _from_environment() -> dict[str, Any]:
    env = Env(prefix="JIEBANG_")
    broker = env.str("BROKER_URL", "")
    return {
        "DATA": env.path("DATA", ROOT / "var"),  # folder of the database, keys and files
        "DATABASE_URL": env.str("DATABASE_URL", ""),  # empty: SQLite in DATA
        "DATABASE_POOL": env.int("DATABASE_POOL", 20),  # connections kept open
        "SECRET_KEY": env.str(
            "SECRET_KEY", ""
        ),  # signs the session cookie; empty: made once in DATA/secret.key
        "SEAL_KEY": env.str(
            "SEAL_KEY", ""
        ),  # file of the key that seals bids; empty: DATA/seal.key. Keep off backups
        "FILES": env.str("FILES", ""),  # folder of the files that people hand in; empty: DATA/files
        "MAX_FILE_MB": env.int("MAX_FILE_MB", 20),  # largest of them
        "UNUSED_FILE_DAYS": env.int("UNUSED_FILE_DAYS", 30),  # files handed in with nothing are deleted then
        "DEMO": env.bool("DEMO", False),  # demo banner and one-click accounts on the sign-in page
        "BROKER_URL": broker,  # amqp://... or redis://...: jobs go through it to workers; empty: no broker
        "QUEUE": env.str("QUEUE", "jiebang"),  # of the broker, when several services share one
        "JOBS_EMBEDDED": env.bool("JOBS_EMBEDDED", not broker),  # run jobs in a thread of the web process
        "HTTPS": env.bool("HTTPS", False),  # served over https: Secure cookies and HSTS
        "TRUSTED_HOSTS": env.list("TRUSTED_HOSTS", []) or None,  # host names answered to; empty: any
        "PROXY_COUNT": env.int("PROXY_COUNT", 0),  # reverse proxies whose X-Forwarded-* are believed
        "SESSION_HOURS": env.int("SESSION_HOURS", 12),  # a session ends after so long without a request
        "MAX_UPLOAD_MB": env.int("MAX_UPLOAD_MB", 50),  # largest request body: one form with its files
        "RATE_SIGN_IN": env.str("RATE_SIGN_IN", "5 per 5 minutes"),  # failures per login and address
        "RATE_SIGN_IN_ADDRESS": env.str("RATE_SIGN_IN_ADDRESS", "20 per 5 minutes"),  # failures per address
        "RATE_STORAGE": env.str("RATE_STORAGE", "memory://"),  # redis://... when several processes serve
        "RATE_PASSWORD_RESET": env.str("RATE_PASSWORD_RESET", "5 per hour"),  # links per login
        "RATE_PASSWORD_RESET_ADDRESS": env.str("RATE_PASSWORD_RESET_ADDRESS", "30 per hour"),  # per address
        "SMTP_URL": env.str("SMTP_URL", ""),  # smtp://user:password@host:587 or smtps://host; empty: no mail
        "SMTP_TIMEOUT": env.float("SMTP_TIMEOUT", 20.0),  # seconds to wait for its answers
        "MAIL_FROM": env.str("MAIL_FROM", ""),  # sender of mails: 揭榜台 <jiebang@example.com>
        "PUBLIC_URL": env.str("PUBLIC_URL", ""),  # where people reach the site, for links in mails
        "METRICS_TOKEN": env.str("METRICS_TOKEN", ""),  # whoever bears it reads /metrics; empty: nobody
        "LOG_FORMAT": env.str("LOG_FORMAT", "json"),  # json or console
        "LOG_LEVEL": env.str("LOG_LEVEL", "INFO"),
    }


def _for_libraries(settings: dict[str, Any]) -> dict[str, Any]:
    """What Flask and its extensions call the same things."""
    bytes_allowed = settings["MAX_UPLOAD_MB"] * 1024 * 1024
    return {
        "SEND_FILE_MAX_AGE_DEFAULT": 30 * 24 * 3600,  # names of built files change with their content
        "SESSION_COOKIE_NAME": "jiebang_session",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings["HTTPS"],
        "PERMANENT_SESSION_LIFETIME": settings["SESSION_HOURS"] * 3600,
        "MAX_CONTENT_LENGTH": bytes_allowed,
        "MAX_FORM_MEMORY_SIZE": bytes_allowed,
        "WTF_CSRF_CHECK_DEFAULT": False,  # checked in auth.py, which knows bearer requests
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session
        "WTF_CSRF_SSL_STRICT": settings["HTTPS"],
        "RATELIMIT_STORAGE_URI": settings["RATE_STORAGE"],
        "RATELIMIT_HEADERS_ENABLED": True,
        "BABEL_DEFAULT_LOCALE": "zh_Hans_CN",
        "BABEL_DEFAULT_TIMEZONE": "Asia/Shanghai",
        "API_TITLE": "揭榜台 API",
        "API_VERSION": "v1",
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": "/api/v1",
        "PAGINATION_HEADER_NAME": None,  # flask-smorest 0.47: its documented header breaks its own schema
    }


def _kept_secret(path: Path) -> str:
    return seal.kept_in(path, lambda size: secrets.token_hex(size).encode()).decode()
