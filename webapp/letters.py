"""What mails say: subject, lines and a link, in the language of whoever gets them."""

from collections.abc import Sequence
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from flask import current_app, render_template

from webapp import i18n
from workflows import clock
from workflows.domain.passwords import LINK_MINUTES
from workflows.models import User


@dataclass(frozen=True)
class Letter:
    """``links`` are paths of the site with what is to be read there."""

    subject: str
    lines: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    closing: str


def new_password(token: str) -> Letter:
    """The link with which somebody sets a new password."""
    return Letter(
        subject=i18n.text("揭榜台：重新设置密码"),
        lines=(
            i18n.text("有人为您的账号申请重新设置密码。若是您本人，请打开下面的链接设置新密码。"),
            i18n.text(f"链接在 {LINK_MINUTES} 分钟内有效，只能使用一次。"),
        ),
        links=((i18n.text("设置新密码"), f"/password-reset/{token}"),),
        closing=i18n.text("若不是您本人申请，请忽略本邮件，密码不会改变。"),
    )


def news(lines: Sequence[tuple[str, str]]) -> Letter:
    """What has happened: texts of notices and tasks, each with its path; several make a digest."""
    texts = [(i18n.text(text), path) for text, path in lines]
    one = len(texts) == 1
    return Letter(
        subject=texts[0][0] if one else i18n.text(f"揭榜台：{len(texts)} 条通知"),
        lines=(texts[0][0],) if one else (),
        links=tuple((i18n.text("打开查看") if one else text, path) for text, path in texts),
        closing=i18n.text("在“我的账号”的通知设置中，可以选择哪些通知发邮件。"),
    )


def message(letter: Letter, *, to: User, number: int) -> EmailMessage:
    """``letter`` as a mail with a plain and an HTML part; ``number`` is its id, by which servers know a repeat."""
    public = str(current_app.config["PUBLIC_URL"]).rstrip("/")
    made = EmailMessage()
    name, sender = parseaddr(current_app.config["MAIL_FROM"])
    made["From"] = Address(name, addr_spec=sender)
    made["To"] = Address(" ".join(to.name.split()), addr_spec=to.email)
    made["Subject"] = " ".join(letter.subject.split())
    made["Date"] = format_datetime(clock.now())
    made["Message-ID"] = f"<jiebang.{number}.{int(clock.now().timestamp())}@{sender.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    links = tuple((label, public + path) for label, path in letter.links)
    greeting = i18n.text(f"{to.name}，您好：")
    linked = tuple(f"{label}\n{address}" for label, address in links)
    made.set_content("\n\n".join((greeting, *letter.lines, *linked, letter.closing)) + "\n")
    page = render_template("mails/letter.html", letter=letter, greeting=greeting, links=links)
    made.add_alternative(page, subtype="html")
    return made
