"""The application as it runs for a browser: served at an address of this machine."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from werkzeug.serving import make_server

from webapp import bundles, create_app
from workflows.db import Database

KEYS = ("seal.key", "secret.key")


@dataclass(frozen=True)
class Site:
    address: str  # http://127.0.0.1:40123
    app: Flask
    database: Database


@contextmanager
def served(folder: Path, database_file: Path, *, demo: bool = True) -> Iterator[Site]:
    """A site on a copy of ``database_file``, kept in ``folder`` with its files and the keys that lie beside it.

    In demo mode people need no password. Raises RuntimeError when css and js are not built.
    """
    folder.mkdir(exist_ok=True)
    if bundles.bundle("style.css") is None:
        raise RuntimeError("the css and js are not built: node webapp/assets/build.mjs")
    shutil.copyfile(database_file, folder / "jiebang.db")
    for key in KEYS:
        if database_file.with_name(key).exists():
            shutil.copyfile(database_file.with_name(key), folder / key)
    app = create_app(DATA=folder, DATABASE_URL="", JOBS_EMBEDDED=False, DEMO=demo, LOG_LEVEL="ERROR")
    database: Database = app.extensions["database"]
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Site(f"http://127.0.0.1:{server.server_port}", app, database)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        database.engine.dispose()
