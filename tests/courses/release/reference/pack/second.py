# BEGIN SOLUTION
from .first import doubled

# END SOLUTION


def total(items):
    """The sum of twice each item."""
    # BEGIN SOLUTION A2.1: add up what is doubled
    return sum((doubled(item) for item in items), start=0.0)
    # END SOLUTION
