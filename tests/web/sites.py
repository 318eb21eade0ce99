"""The application as it runs for a browser: served at an address of this machine."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from webapp import bundles, create_app
from workflows.db import Database


@dataclass(frozen=True)
class Site:
    address: str  # http://127.0.0.1:40123
    database: Database


@contextmanager
def served(folder: Path, migrated: Path, *, demo: bool = True) -> Iterator[Site]:
    """A site on a copy of the database ``migrated``, kept in ``folder``; in demo mode people need no password."""
    if bundles.bundle("style.css") is None:
        pytest.fail("the css and js are not built: node webapp/assets/build.mjs")
    (folder / "jiebang.db").write_bytes(migrated.read_bytes())
    app = create_app(DATA=folder, DATABASE_URL="", JOBS_EMBEDDED=False, DEMO=demo)
    database: Database = app.extensions["database"]
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Site(f"http://127.0.0.1:{server.server_port}", database)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        database.engine.dispose()
