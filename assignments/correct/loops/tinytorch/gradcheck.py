import numpy as np


def numerical_vjp(f, inputs, cotangent, h=1e-5):
    inputs = [np.array(x, dtype=np.float64) for x in inputs]
    gradients = []
    for n in range(len(inputs)):
        gradient = np.zeros(inputs[n].shape)
        for place in np.ndindex(inputs[n].shape):
            higher = [x.copy() for x in inputs]
            lower = [x.copy() for x in inputs]
            higher[n][place] += h
            lower[n][place] -= h
            difference = np.asarray(f(*higher)) - np.asarray(f(*lower))
            gradient[place] = np.sum(cotangent * difference) / (2 * h)
        gradients.append(gradient)
    return gradients


def check_op(f, vjp, inputs, rng):
    inputs = [np.array(x, dtype=np.float64) for x in inputs]
    for _ in range(3):
        out = np.asarray(f(*[x.copy() for x in inputs]))
        cotangent = rng.normal(0, 1, out.shape)
        sent = [cotangent.copy()] + [x.copy() for x in inputs]
        answer = vjp(*sent)
        if not np.array_equal(sent[0], cotangent):
            return False
        for i in range(len(inputs)):
            if not np.array_equal(sent[i + 1], inputs[i]):
                return False
        truth = numerical_vjp(f, inputs, cotangent)
        if len(answer) != len(truth):
            return False
        for i in range(len(truth)):
            if not same(answer[i], truth[i]):
                return False
    return True


def same(answer, truth):
    if answer is None:
        answer = np.zeros(truth.shape)
    answer = np.asarray(answer)
    if answer.shape != truth.shape:
        return False
    if truth.size == 0:
        return True
    error = np.max(np.abs(answer - truth))
    allowed = 1e-8 + 2e-6 * np.max(np.abs(truth))
    return bool(error < allowed)
