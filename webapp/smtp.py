"""One mail to one mail server, by SMTP."""

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import parse_qs, unquote, urlsplit

PORTS = {"smtp": 25, "smtps": 465}
TLS = ("try", "require", "never")
REFUSED_FOR_GOOD = 500  # answers from here on stay the same however often one tries


class Undelivered(Exception):
    """It was not sent; ``for_good`` when trying again would not help, or might send it twice."""

    def __init__(self, text: str, *, for_good: bool = False) -> None:
        super().__init__(text)
        self.for_good = for_good


@dataclass(frozen=True)
class Server:
    """Where mail goes. ``tls`` of a plain connection: try, require or never STARTTLS."""

    host: str
    port: int
    user: str
    password: str
    is_tls: bool
    tls: str
    timeout: float


def server(url: str, *, timeout: float) -> Server:
    """``smtp://user:password@host:587?tls=require`` or ``smtps://host``. Raises ValueError for anything else."""
    parts = urlsplit(url)
    tls = parse_qs(parts.query).get("tls", ["require" if parts.username else "try"])[0]
    if parts.scheme not in PORTS or not parts.hostname or tls not in TLS:
        raise ValueError("JIEBANG_SMTP_URL is smtp://user:password@host:587?tls=require or smtps://host")
    return Server(
        host=parts.hostname,
        port=parts.port or PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        is_tls=parts.scheme == "smtps",
        tls=tls,
        timeout=timeout,
    )


def send(to: Server, message: EmailMessage) -> None:
    """Give ``message`` (From and To are one address each) to the server. Raises Undelivered."""
    try:
        with _opened(to) as connection:
            _greet(connection, to)
            _check(connection.mail(message["From"].addresses[0].addr_spec))
            _check(connection.rcpt(message["To"].addresses[0].addr_spec))
            _give(connection, message)
    except (OSError, smtplib.SMTPException) as error:
        raise Undelivered(f"{type(error).__name__}: {error}") from error


def _opened(to: Server) -> smtplib.SMTP:
    if to.is_tls:
        return smtplib.SMTP_SSL(to.host, to.port, timeout=to.timeout, context=ssl.create_default_context())
    return smtplib.SMTP(to.host, to.port, timeout=to.timeout)


def _greet(connection: smtplib.SMTP, to: Server) -> None:
    """Encrypt and sign in as ``to`` says; a password is never sent in the clear unless that was asked for."""
    connection.ehlo_or_helo_if_needed()
    if not to.is_tls and to.tls != "never" and (to.tls == "require" or connection.has_extn("starttls")):
        connection.starttls(context=ssl.create_default_context())
        connection.ehlo()
    if to.user:
        connection.login(to.user, to.password)


def _give(connection: smtplib.SMTP, message: EmailMessage) -> None:
    """The body. Whoever loses the line now does not know whether it went: sending again might be twice."""
    try:
        _check(connection.data(message.as_bytes()))
    except (OSError, smtplib.SMTPServerDisconnected) as error:
        raise Undelivered(f"{type(error).__name__}: {error}", for_good=True) from error


def _check(answer: tuple[int, bytes]) -> None:
    code, text = answer
    if not 200 <= code < 300:
        said = text.decode("utf-8", "replace")
        raise Undelivered(f"{code} {said}", for_good=code >= REFUSED_FOR_GOOD)
