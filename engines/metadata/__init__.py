"""What travels with the pixels, as bytes."""
