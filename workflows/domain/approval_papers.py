"""审批单: the code by which the printed sheet of an approval is compared with what is stored."""

import hashlib
from typing import Any

import orjson

from workflows.models import Approval

ASKED = ("id", "kind", "subject", "amount_fen", "level", "unit_id", "result", "opened_at", "ended_at")
SAID = ("role", "user_id", "decision", "opinion", "facts", "same_as", "signed_at")


def digest(approval: Approval) -> str:
    """SHA-256 of what was asked and what everybody said up to now, as JSON with sorted keys."""
    signatures = [
        {"stage": stage.seq, "code": stage.code, **_values(signature, SAID)}
        for stage in approval.stages
        for signature in stage.signatures
    ]
    content = {**_values(approval, ASKED), "signatures": signatures}
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _values(row: object, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
