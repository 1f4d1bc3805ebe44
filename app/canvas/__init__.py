"""The canvas: the picture on screen, and what is drawn over it."""
