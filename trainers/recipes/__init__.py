"""What to train, as data; torch-free."""
