"""Upscaling: its panel, its work, its estimates."""
