"""Adjust, crop, turn, resize."""
