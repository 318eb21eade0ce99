"""What makes a password weak, one-time passwords, and the links with which one sets a new one. Knows no HTTP."""

import datetime as dt
import hashlib
import re
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.errors import Invalid, NotFound
from workflows.models import PasswordReset, User

LENGTH = range(10, 129)  # characters
FEWEST_KINDS = 5  # different characters
SHORTEST_LOGIN = 4  # that is looked for in a password
LINK_MINUTES = 60
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike
GROUPS, GROUP = 4, 4  # of a one-time password: 79 bits
COMMON = re.compile(
    r"(pass(word|w0rd)?|admin(istrator)?|root|user|guest|welcome|letmein|qwerty(uiop)?|asdf(ghjkl)?|zxcvbnm?|abc(def)?"
    r"|iloveyou|woaini|jiebang(tai)?|test|mima|hello|[\W\d_])+",
    re.IGNORECASE,
)

_HASHER = PasswordHasher()
# A one-time password is random: nobody finds it by guessing, and thousands are made at once.
_QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


def weakness(password: str, *, login: str) -> str | None:
    """Why ``password`` will not do for ``login``, in words; None when it will."""
    if len(password) not in LENGTH:
        return f"密码长度应为 {LENGTH.start} 至 {LENGTH.stop - 1} 个字符。"
    if len(set(password)) < FEWEST_KINDS or COMMON.fullmatch(password):
        return "这个密码太容易猜到，请用几个不相干的词，或更长的一句话。"
    if len(login) >= SHORTEST_LOGIN and login.casefold() in password.casefold():
        return "密码中不能包含登录名。"
    return None


def check(password: str, *, login: str) -> None:
    """Raises Invalid for a weak one."""
    wrong = weakness(password, login=login)
    if wrong:
        raise Invalid({"password": [wrong]})


def hashed(password: str) -> str:
    """What is stored of ``password``: argon2id."""
    return _HASHER.hash(password)


def matches(user: User | None, password: str) -> bool:
    """Whether ``user`` has this password; what is asked takes the same time in each case."""
    kept = user.password_hash if user else ""
    if not kept or (user is not None and user.must_change_password):
        _verify(_nobody(), password)  # a one-time password is checked in no time
    return _verify(kept, password) if kept else False


def _verify(kept: str, password: str) -> bool:
    try:
        return _HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    return _HASHER.hash(secrets.token_urlsafe(16))


def give_one_time(user: User) -> str:
    """Give ``user`` a random password to be changed at the next sign-in, and end all sessions; tell it once."""
    password = "-".join("".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _group in range(GROUPS))
    user.password_hash = _QUICK.hash(password)
    user.must_change_password = True
    user.session_version = (user.session_version or 0) + 1
    return password


def new_link(session: Session, user: User) -> str:
    """The token of a link with which ``user`` sets a new password once within the hour; earlier ones are void."""
    session.execute(delete(PasswordReset).where(PasswordReset.user_id == user.id))
    token = secrets.token_urlsafe(32)
    until = clock.now() + dt.timedelta(minutes=LINK_MINUTES)
    session.add(PasswordReset(user_id=user.id, digest=_digest(token), expires_at=until))
    session.flush()
    return token


def by_link(session: Session, token: str) -> User:
    """Whose link this is. Raises NotFound when it was used, is too old or never was."""
    found = session.scalar(select(PasswordReset).where(PasswordReset.digest == _digest(token)))
    if found is None or found.expires_at <= clock.now() or not found.user.is_active:
        raise NotFound("这个链接已经用过或已过期，请重新申请。")
    return found.user


def forget_links(session: Session, user_id: int) -> None:
    """No link of that person serves any more."""
    session.execute(delete(PasswordReset).where(PasswordReset.user_id == user_id))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
