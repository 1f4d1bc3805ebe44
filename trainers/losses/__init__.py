"""What networks lower, from tables of names."""
