"""The mask, painted, kept and taken back."""
