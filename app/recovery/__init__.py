"""What is open is kept against a crash, and offered again."""
