"""The built css and js: logical name -> address and integrity, from the manifest that the build writes.

They are sent compressed to whoever takes that. Pages are not: what is secret in them beside what was typed would tell by
its length (BREACH).
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, request, send_from_directory
from werkzeug.security import safe_join

MANIFEST = Path(__file__).parent / "static" / "dist" / "manifest.json"


@dataclass(frozen=True)
class Bundle:
    path: str  # below static/
    integrity: str


@lru_cache(maxsize=4)
def _read(changed_at: float) -> dict[str, Bundle]:
    built = json.loads(MANIFEST.read_text())
    return {name: Bundle(f"dist/{entry['file']}", entry["integrity"]) for name, entry in built.items()}


def bundle(name: str) -> Bundle | None:
    """The bundle ``name`` (style.css), or None while nothing is built: pages then come unstyled."""
    return _read(MANIFEST.stat().st_mtime).get(name) if MANIFEST.exists() else None


class Application(Flask):
    """Flask, whose static files come compressed where the build has left a compressed form."""

    def send_static_file(self, filename: str) -> Response:
        sent = super().send_static_file(filename)
        packed = safe_join(str(self.static_folder), f"{filename}.gz")
        if packed is None or not Path(packed).is_file():
            return sent
        if request.accept_encodings["gzip"] > 0:
            kind = sent.mimetype
            sent.close()
            sent = send_from_directory(
                str(self.static_folder),
                f"{filename}.gz",
                mimetype=kind,
                max_age=self.get_send_file_max_age(filename),
            )
            sent.headers["Content-Encoding"] = "gzip"
        sent.vary.add("Accept-Encoding")
        return sent
