"""The models there are, in words for artists."""
