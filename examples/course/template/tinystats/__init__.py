"""tinystats: statistics of a handful of numbers, written by hand."""
