"""The networks, a file for each family; none of them knows how it is trained."""
