"""Pictures of the diagrams, and the document that shows them: python3 dev.py docs."""
