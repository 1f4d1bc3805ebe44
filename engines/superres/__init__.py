"""A picture made larger by a model."""
