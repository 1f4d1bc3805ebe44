"""How photos go out, and the question before one is lost."""
