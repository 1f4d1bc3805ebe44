"""Each state of each document, in memory while it fits, else on disk."""
