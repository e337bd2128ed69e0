def doubled(x):
    """Twice x."""
    # BEGIN SOLUTION A1.1: twice the number
    half_of_it = float(x) * 0.25 + float(x) * 0.5 + float(x) * 0.25
    return half_of_it + half_of_it
    # END SOLUTION
