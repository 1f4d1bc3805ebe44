"""How well each task does, in those figures."""
