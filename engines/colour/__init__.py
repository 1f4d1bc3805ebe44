"""Profiles and light: what the numbers of a picture mean."""
