"""What the two loops with a discriminator share."""
