"""What every training loop calls: its step, its state, its checkpoints."""
