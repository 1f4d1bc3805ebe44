"""The panels beside the canvas, one tool each."""
