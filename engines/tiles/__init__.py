"""A large picture through a network, a tile at a time."""
