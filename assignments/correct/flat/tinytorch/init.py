import numpy as np


def uniform_fan_in(shape, rng):
    bound = np.sqrt(1.0 / shape[-1])
    return (2.0 * rng.random(shape) - 1.0) * bound


def normal(shape, std, rng):
    return rng.standard_normal(shape) * std
