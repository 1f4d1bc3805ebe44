"""A picture from one domain to another."""
