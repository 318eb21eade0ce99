"""The web front end of 揭榜台: pages for people and /api/v1 for programs."""

import os
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from webapp import (
    api,
    auth,
    bundles,
    cli,
    config,
    db,
    errors,
    formats,
    i18n,
    logs,
    mailing,
    metrics,
    pages,
    person_picks,
    reward_sheets,
    reward_terms,
    rule_terms,
    rule_words,
    security,
    state_terms,
    views,
)
from workflows import seal, storage, watch, workers
from workflows.db import connect


def create_app(**overrides: Any) -> Flask:
    """The application; ``overrides`` are settings by their names in config.py."""
    app = bundles.Application(__name__)
    app.config.update(config.load(**overrides))
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # of the default provider
    hops = app.config["PROXY_COUNT"]
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    database = connect(app.config["DATABASE_URL"], pool_size=app.config["DATABASE_POOL"])
    seal.use_key_file(app.config["SEAL_KEY"])
    storage.kept_in(app.config["FILES"])
    db.set_up(app, database)
    logs.set_up(app)
    metrics.set_up(app)
    i18n.set_up(app)
    views.drafts.set_up(app)  # before auth, which turns away what has no session
    auth.set_up(app)
    errors.set_up(app)
    security.set_up(app)
    formats.set_up(app)
    state_terms.set_up(app)
    reward_terms.set_up(app)
    rule_words.set_up(app)
    rule_terms.set_up(app)
    reward_sheets.set_up(app)
    pages.set_up(app)
    person_picks.set_up(app)
    views.set_up(app)
    api.set_up(app)
    cli.set_up(app)
    mailing.set_up(app)
    if "FLASK_RUN_FROM_CLI" not in os.environ:  # operators' commands do what they need themselves
        watch.install(database)
        if app.config["JOBS_EMBEDDED"]:
            workers.start_thread(database, unused_file_days=app.config["UNUSED_FILE_DAYS"])
            mailing.start_thread(app)
    return app
