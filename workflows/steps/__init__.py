"""What each box of the diagrams does. Importing this package registers every step with the engine."""

from workflows.steps import bid, publish, reminders

__all__ = ["bid", "publish", "reminders"]
