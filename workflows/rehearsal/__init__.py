"""演练: a whole campaign from one file, played through the doors that people use. See docs/rehearsal.md."""
