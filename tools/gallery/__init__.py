"""Pictures of every page in the states that matter, from a real browser: python3 dev.py gallery."""
