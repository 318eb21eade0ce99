"""The rooms of the site, one module each."""

from flask import Flask

from webapp.views import (
    account,
    api_docs,
    bids,
    challenges,
    health,
    home,
    notices,
    preferences,
    sign_in,
    starts,
    work,
)


def set_up(app: Flask) -> None:
    for room in (
        sign_in,
        home,
        work,
        starts,
        challenges,
        bids,
        notices,
        account,
        preferences,
        api_docs,
        health,
    ):
        app.register_blueprint(room.pages)
