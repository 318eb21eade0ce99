"""Languages: the source text is Simplified Chinese, other languages are catalogues keyed by it.

Text made below the web (errors, step titles, labels) is Chinese too and translated here, at the edge.
"""

import os
import re
from functools import lru_cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, request
from flask_babel import Babel, get_locale, get_translations

SOURCE = "zh_Hans_CN"
LOCALES = {SOURCE: "简体中文", "en": "English"}
COOKIE = "jiebang_locale"
CATALOGUES = Path(__file__).parent / "translations"
PLACEHOLDER = re.compile(r"\{(\d)\}")


def set_up(app: Flask) -> None:
    compile_catalogues()
    Babel(app, locale_selector=chosen)
    app.jinja_env.filters["t"] = text


def chosen() -> str:
    """The locale of this request: the cookie, the signed-in user's own, or what the browser asks for."""
    cookie = request.cookies.get(COOKIE, "")
    if cookie in LOCALES:
        return cookie
    return from_header(request.headers.get("Accept-Language", ""))


def from_header(header: str) -> str:
    """The locale for an Accept-Language header. Babel's own matching knows neither zh-Hans-CN nor zh-HK."""
    for part in header.lower().split(","):
        tag = part.partition(";")[0].strip()
        if tag.startswith("zh"):
            return SOURCE
        if tag.startswith("en"):
            return "en"
    return SOURCE


def text(source: str) -> str:
    """``source`` in the language of this request; a sentence with values in it is found by its pattern.

    The texts of our own code are Chinese, those of marshmallow English: each language has the other's catalogue.
    """
    source = str(source)
    if not source:
        return ""  # gettext keeps its own header there
    found: str = get_translations().ugettext(source)
    if found != source:
        return found
    for pattern, translation in _patterns(str(get_locale())):
        match = pattern.fullmatch(source)
        if match:
            values = [text(value) for value in match.groups()]
            return translation.format(*values)
    return source


def html_language() -> str:
    return "zh-CN" if str(get_locale()) == SOURCE else str(get_locale())


@lru_cache
def _patterns(locale: str) -> list[tuple[re.Pattern[str], str]]:
    """Catalogue entries with {0} {1} ... in them, as patterns; those with the most fixed text first."""
    with (CATALOGUES / locale / "LC_MESSAGES" / "messages.po").open("rb") as file:
        entries = [
            (str(entry.id), str(entry.string)) for entry in read_po(file) if PLACEHOLDER.search(str(entry.id))
        ]
    entries.sort(key=lambda entry: -len(PLACEHOLDER.sub("", entry[0])))
    return [(_pattern(source), translation) for source, translation in entries]


def _pattern(source: str) -> re.Pattern[str]:
    """The values in the order of their places, which is that of their numbers."""
    fixed = [re.escape(part) for part in PLACEHOLDER.split(source)[::2]]
    return re.compile("(.+?)".join(fixed), re.DOTALL)


def compile_catalogues() -> None:
    """Bring each messages.mo up to its messages.po; safe when two processes start at once."""
    for po in CATALOGUES.glob("*/LC_MESSAGES/messages.po"):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        unfinished = mo.with_suffix(f".{os.getpid()}.mo")
        with po.open("rb") as source, unfinished.open("wb") as target:
            write_mo(target, read_po(source))
        unfinished.replace(mo)
