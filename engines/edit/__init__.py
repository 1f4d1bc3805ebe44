"""What is done to pixels without a network: adjust, crop, resize, blend, mask."""
