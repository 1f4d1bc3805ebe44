"""A model file: its card, opening and running it, the library."""
