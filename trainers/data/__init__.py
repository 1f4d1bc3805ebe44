"""The pictures that each task learns from, in memory."""
