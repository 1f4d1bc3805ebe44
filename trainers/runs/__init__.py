"""A run: its folder, what it says and is told, who drives it; torch-free."""
