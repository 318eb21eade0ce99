"""Language, theme and keyboard: kept in cookies, so that they hold before sign-in too; the language for mails besides."""

from flask import Blueprint, current_app, make_response, redirect, request
from werkzeug import Response

from webapp import auth, db, i18n
from webapp.pages import KEYS, KEYS_COOKIE, THEME_COOKIE, THEMES

pages = Blueprint("preferences", __name__)

YEAR_SECONDS = 365 * 24 * 3600
KEPT = {"locale": (i18n.COOKIE, i18n.LOCALES), "theme": (THEME_COOKIE, THEMES), "keys": (KEYS_COOKIE, KEYS)}


@pages.post("/preferences")
def choose() -> Response:
    """Set what the form names and return to where it was sent from."""
    response = make_response(redirect(auth.safe_next(request.form.get("next"))))
    for name, (cookie, known) in KEPT.items():
        value = request.form.get(name)
        if value in known:
            response.set_cookie(
                cookie,
                value,
                max_age=YEAR_SECONDS,
                httponly=True,
                samesite="Lax",
                secure=current_app.config["HTTPS"],
            )
    actor, locale = auth.actor_or_none(), request.form.get("locale")
    if actor is not None and locale in i18n.LOCALES:
        actor.locale = locale  # in which mails are written
        db.session().commit()
    return response
