"""Scenario files for tests: the shipped one, parts of it, and changes to it by path."""

import json
import re
from pathlib import Path
from typing import Any

import workflows

FOLDER = Path(workflows.__path__[0]) / "rehearsal"
SHIPPED = FOLDER / "scenario.json"
EXPECTED = FOLDER / "scenario.expected.json"
SMALL = ("TRQ-2027-S01", "TRQ-2027-S03", "TRQ-2027-M03")  # one that fails, a single one, a race
REMOVED = object()

Document = dict[str, Any]


def shipped() -> Document:
    """The shipped scenario, to be changed at will."""
    content: Document = json.loads(SHIPPED.read_text(encoding="utf-8"))
    return content


def expected() -> Document:
    content: Document = json.loads(EXPECTED.read_text(encoding="utf-8"))
    return content


def cut(document: Document, codes: tuple[str, ...] = SMALL) -> Document:
    """``document`` with only the challenges ``codes``, their bids, and the vetoes on units and on these."""
    bids = [one for one in document["bids"] if one["challenge"] in codes]
    kept = {one["code"] for one in bids}
    return {
        **document,
        "challenges": [one for one in document["challenges"] if one["code"] in codes],
        "bids": bids,
        "vetoes": [one for one in document["vetoes"] if one.get("bid") in {None, *kept}],
    }


def one(code: str) -> Document:
    """The shipped scenario with one challenge, its bids, the appraisals of the units that deliver it, and no others."""
    left = cut(shipped(), (code,))
    units = {one["unit"] for one in left["bids"]}
    appraisals = [one for one in left["appraisals"] if one["unit"] in units]
    rest = {**left, "vetoes": [], "appraisals": appraisals, "people": []}
    named = json.dumps(rest)
    return {**rest, "people": [one for one in left["people"] if f'"{one["code"]}"' in named]}


def cut_result(result: Document, codes: tuple[str, ...] = SMALL) -> Document:
    """What is expected of ``cut``."""
    challenges = [one for one in result["challenges"] if one["code"] in codes]
    winners = {code for one in challenges for code in one["winners"]}
    mine = {one["code"] for one in shipped()["bids"] if one["challenge"] in codes}
    return {
        "challenges": challenges,
        "bids": [one for one in result["bids"] if one["code"] in mine],
        "projects": [one for one in result["projects"] if one["bid"] in winners],
    }


def change(document: Document, path: str, value: Any) -> Document:
    """Put ``value`` at ``path`` (``bids[3].members[0].person``), or take away what is there (REMOVED)."""
    steps = [
        int(number) if number else name
        for name, number in re.findall(r"([^.\[\]]+(?<!\d\]))|\[(\d+)\]", path)
    ]
    *way, last = steps
    inner: Any = document
    for step in way:
        inner = inner[step]
    if value is REMOVED:
        del inner[last]
    else:
        inner[last] = value
    return document


def write(path: Path, document: Document) -> Path:
    """``document`` as a file."""
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def reversed_keys(value: Any) -> Any:
    """The same JSON with the keys of every object in the opposite order."""
    if isinstance(value, dict):
        return {key: reversed_keys(value[key]) for key in reversed(value)}
    return [reversed_keys(one) for one in value] if isinstance(value, list) else value
