"""Starting values."""

import math


def uniform_fan_in(shape, rng):
    *_, fan_in = shape
    limit = 1 / math.sqrt(fan_in)
    return rng.uniform(low=-limit, high=limit, size=shape)


def normal(shape, std, rng):
    return rng.normal(loc=0.0, scale=std, size=shape)
