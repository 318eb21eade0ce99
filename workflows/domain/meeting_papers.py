"""会议纪要: the code by which printed minutes are compared with what is stored."""

import hashlib

import orjson

from workflows.models import Meeting

TOLD = ("id", "kind", "project_id", "milestone_id", "held_on", "agenda", "summary", "decisions", "score")


def digest(meeting: Meeting) -> str:
    """SHA-256 of what the minutes say, who was present, and what was given to whom, as JSON with sorted keys."""
    content = {name: getattr(meeting, name) for name in TOLD}
    content["present"] = [one.user_id for one in meeting.people if one.was_present]
    content["items"] = [[one.what, one.owner_id, one.due_on] for one in meeting.items]
    content["signed"] = [meeting.signed_by_id, meeting.signed_at]
    said = orjson.dumps(content, default=str, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(said).hexdigest()
