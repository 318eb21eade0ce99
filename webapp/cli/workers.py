"""Processes that do the jobs, or hand them out, and who of them is alive."""

import os

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from webapp import broker, db, mailing
from workflows import clock, watch, workers


def _app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # of the proxy
    return app


@click.command("worker")
@click.option(
    "--processes", default=os.cpu_count, help="So many side by side behind a broker; without one it is one."
)
@with_appcontext
def worker(*, processes: int) -> None:
    """Do jobs until stopped: those that a relay sends through JIEBANG_BROKER_URL, without it what is found waiting.

    Without a broker this process also sends mail, and any number of them share what waits.
    """
    app = _app()
    watch.install(db.database())
    if app.config["BROKER_URL"]:
        broker.work(app, processes=processes)
        return
    mailing.start_thread(app)
    loop = workers.share(db.database(), unused_file_days=app.config["UNUSED_FILE_DAYS"])
    loop.end_on_signals()
    loop.run()


@click.command("relay")
@with_appcontext
def relay() -> None:
    """Hand jobs out through JIEBANG_BROKER_URL, send mail and tidy up, until stopped. Several do no harm."""
    app = _app()
    if not app.config["BROKER_URL"]:
        raise click.ClickException(
            "JIEBANG_BROKER_URL names no broker: workers find by themselves what waits."
        )
    mailing.start_thread(app)
    sent = broker.CeleryBroker(app.config["BROKER_URL"], app.config["QUEUE"])
    loop = workers.relay(db.database(), sent, unused_file_days=app.config["UNUSED_FILE_DAYS"])
    loop.end_on_signals()
    loop.run()


@click.command("workers")
@with_appcontext
def alive() -> None:
    """List the processes that do jobs; the exit status tells whether any is alive and none in trouble."""
    with db.database().read() as session:
        known = workers.known(session)
    for one in known:
        state = one.trouble or ("alive" if one.is_alive else "silent")
        seen = clock.local(one.seen_at).strftime("%Y-%m-%d %H:%M:%S")
        click.echo(f"{one.kind}\t{one.host}:{one.pid}\t{seen}\t{one.done} done\t{one.failed} failed\t{state}")
    if not any(one.is_alive for one in known) or any(one.trouble for one in known if one.is_alive):
        raise click.ClickException("No process does jobs, or one is in trouble: see above.")
