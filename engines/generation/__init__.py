"""Pictures from latents, and ways through them."""
