"""The built css and js: logical name -> address and integrity, from the manifest that the build writes."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

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
