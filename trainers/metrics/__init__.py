"""Figures that compare two pictures, or two sets of them."""
