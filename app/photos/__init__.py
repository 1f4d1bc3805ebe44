"""A photo as the window holds it: picture, pyramid, thumbnail."""
