import numpy as np


def uniform_fan_in(shape, rng):
    fan_in = shape[-1]
    bound = 1 / np.sqrt(fan_in)
    return rng.uniform(-bound, bound, shape)


def normal(shape, std, rng):
    return rng.normal(0, std, shape)
