"""A class in one command: who handed in what, what still has to be graded, and each result into the gradebook."""
