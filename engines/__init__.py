"""The engines' floor: pictures, models and what they do to each other, without Qt and without torch."""
