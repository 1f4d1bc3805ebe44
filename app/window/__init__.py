"""What is around the work: actions, keys, help, preferences."""
