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
    raise NotImplementedError("A1.1: the sum of the values divided by their number")


def variance(values):
    """The variance of the population that the values were drawn from, without bias.

    Args:
        values: array of shape (n,) with n > 1.

    Returns:
        A float.

    Raises:
        ValueError: one value says nothing about how far values spread.
    """
    raise NotImplementedError("A1.2: squared distances from the mean, averaged without bias")


def median(values):
    """The middle of the sorted values; between the two in the middle, where there are two.

    Args:
        values: array of shape (n,) with n > 0. It stays as it is.

    Returns:
        A float.
    """
    raise NotImplementedError("A1.3: the middle of the sorted values")


def line(x, y):
    """The straight line through points that leaves the smallest squared error.

    Args:
        x: array of shape (n,) with n > 1, not all the same.
        y: array of shape (n,).

    Returns:
        (slope, intercept), two floats.
    """
    raise NotImplementedError("A1.4: slope and intercept of least squares")
