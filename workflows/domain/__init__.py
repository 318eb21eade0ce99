"""What is allowed and what it changes: functions (session, subject, *, everything else)."""
