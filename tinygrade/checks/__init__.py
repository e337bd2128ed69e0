"""The trusted side of the checks: pytest plugin, the two libraries, comparisons, gradient checks, training."""
