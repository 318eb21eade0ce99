"""What docs/reliability.md promises, tried out: the gate, steps cut short, duplicates, clocks that jump."""
