"""A sample of numbers, summed up in a few: where its middle is, and how far it spreads."""

from __future__ import annotations

import numpy as np


def mean(values):
    """The sum of the values divided by their number.

    Args:
        values: array of shape (n,) with n > 0.

    Returns:
        A float.
    """
    # BEGIN SOLUTION A1.1: the sum of the values divided by their number
    return float(np.sum(values) / len(values))
    # END SOLUTION


def variance(values):
    """The variance of the population that the values were drawn from, without bias.

    Args:
        values: array of shape (n,) with n > 1.

    Returns:
        A float.

    Raises:
        ValueError: one value says nothing about how far values spread.
    """
    # BEGIN SOLUTION A1.2: squared distances from the mean, averaged without bias
    if len(values) < 2:
        raise ValueError("a variance needs two values")
    centred = np.asarray(values) - mean(values)
    return float(np.sum(centred * centred) / (len(values) - 1))
    # END SOLUTION


def median(values):
    """The middle of the sorted values; between the two in the middle, where there are two.

    Args:
        values: array of shape (n,) with n > 0. It stays as it is.

    Returns:
        A float.
    """
    # BEGIN SOLUTION A1.3: the middle of the sorted values
    ordered = np.sort(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return float(ordered[middle])
    return float((ordered[middle - 1] + ordered[middle]) / 2)
    # END SOLUTION


def line(x, y):
    """The straight line through points that leaves the smallest squared error.

    Args:
        x: array of shape (n,) with n > 1, not all the same.
        y: array of shape (n,).

    Returns:
        (slope, intercept), two floats.
    """
    # BEGIN SOLUTION A1.4: slope and intercept of least squares
    x, y = np.asarray(x), np.asarray(y)
    centred = x - mean(x)
    slope = float(np.sum(centred * y) / np.sum(centred * centred))
    return slope, mean(y) - slope * mean(x)
    # END SOLUTION
