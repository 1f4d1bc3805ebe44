"""A picture file becomes rows of pixels, and rows become a picture file."""
