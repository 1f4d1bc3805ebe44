"""From a checkpoint to a model file that proves itself."""
