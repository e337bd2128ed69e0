import numpy as np


class Tensor:
    def __init__(self, data, requires_grad=False, parent=None, rule=None):
        self.data, self.grad, self.requires_grad = np.array(data, dtype=float), None, requires_grad
        self.parent, self.rule = parent, rule

    def backward(self, g):
        self.parent.grad = self.rule(g)
