"""The door through which a rehearsal acts: what a person can see and do, as that person."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Item:
    """A task that waits for somebody; ``audience`` is ``user:7``, ``role:hse`` or ``role:sponsor@3``."""

    id: int
    process_id: int
    process: str  # id of the BPMN process that was started, also for tasks of one that it calls
    step: str
    audience: str
    subject_path: str  # /bids/12


@dataclass(frozen=True)
class Started:
    process_id: int
    subject_path: str


class Refused(Exception):
    """The service refused what somebody did; the text says what and why."""


class Gone(Refused):
    """The state of things does not allow it (any more)."""


class Door(Protocol):
    """Every method acts for one person (an id), who must be allowed to. Raises Refused."""

    def open_items(self, *, by: int) -> list[Item]:
        """Every open task of the plant, in order of arrival, as somebody who reads all sees them."""

    def prefilled(self, item_id: int, *, by: int) -> dict[str, Any]:
        """What the form of a task starts with."""

    def complete(self, item_id: int, values: Values, *, by: int) -> None: ...

    def start(self, process: str, values: Values, *, by: int) -> Started: ...

    def send(self, act: str, values: Values, *, by: int) -> str:
        """Do an act from outside the inbox; the path of what it is about."""

    def withdraw_bid(self, bid_id: int, *, by: int) -> None: ...

    def upload(self, name: str, content: bytes, *, by: int) -> int:
        """Hand in a file; its id."""
