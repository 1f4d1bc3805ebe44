"""A trained generator looked into: directions, and the latent of a photo."""
