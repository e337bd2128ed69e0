def total(items):
    """The sum of twice each item."""
    raise NotImplementedError("A2.1: add up what is doubled")
