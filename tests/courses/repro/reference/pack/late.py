from .tensor import Tensor


def values(x):
    return x


def square(x):
    return Tensor(x.data**2, True, x, lambda g: 2 * x.data * g)


class Layer:
    def __init__(self):
        self.weight = Tensor([1.0, 2.0], requires_grad=True)

    def __call__(self, x):
        return Tensor(self.weight.data * x, True, self.weight, lambda g: g * x)

    def step(self, g):
        self.weight.data = self.weight.data - 0.1 * g
        return self.weight.data.sum()


def positive(x):
    if x < 0:
        raise ValueError("negative")
    return x


def right(x):
    return x * 2


printing = broken = stub = crash = hostile = right
