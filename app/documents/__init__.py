"""The open documents, and the one that is shown."""
