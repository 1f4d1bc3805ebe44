"""What ships beside the code: models, recipes, sample photographs and the stylesheet."""
