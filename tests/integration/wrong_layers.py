"""Mistakes in assignment 2 as edits of the reference, each with the check that sees it and the most it may cost."""

from typing import NamedTuple

Edit = tuple[str, str, str]


class Wrong(NamedTuple):
    """One wrong solution."""

    edits: tuple[Edit, ...]
    check: str
    costs: float


def wrong(check: str, costs: float, file: str, old: str, new: str) -> Wrong:
    return Wrong(((f"{file}.py", old, new),), check, costs)


FORWARD = {
    "softmax without shift": wrong(
        "test_softmax", 3, "functional", "y = np.exp(x.data - x.data.max(axis=axis, keepdims=True))", "y = np.exp(x.data)"
    ),
    "softmax shifted by the maximum of all": wrong(
        "test_softmax", 3, "functional", "np.exp(x.data - x.data.max(axis=axis, keepdims=True))", "np.exp(x.data - x.data.max())"
    ),
    "softmax along the last axis only": wrong(
        "test_softmax", 6, "functional", "y /= y.sum(axis=axis, keepdims=True)", "y /= y.sum(axis=-1, keepdims=True)"
    ),
    "log of softmax": wrong(
        "test_log_softmax",
        2,
        "functional",
        "    y = _log_softmax(x.data, axis)\n",
        "    y = np.exp(_log_softmax(x.data, axis))\n    y = np.log(y)\n",
    ),
    "gelu with a misplaced digit": wrong(
        "test_gelu", 4, "functional", "np.sqrt(2.0 / np.pi), 0.044715", "np.sqrt(2.0 / np.pi), 0.44715"
    ),
    "cross-entropy divided by all positions": wrong(
        "test_cross_entropy", 5, "functional", "-losses.mean()", "-losses.sum() / len(rows)"
    ),
    "ignored id by truth value": wrong(
        "test_cross_entropy",
        8,
        "functional",
        "counted = None if ignore_index is None else",
        "counted = None if not ignore_index else",
    ),
    "variance divided by C - 1": wrong(
        "test_layer_norm",
        10,
        "functional",
        "_row_means(centred * centred) + eps",
        "_row_means(centred * centred) * rows.shape[1] / (rows.shape[1] - 1) + eps",
    ),
    "layer norm ignores eps": wrong("test_layers", 1, "nn", "self.bias, self.eps)", "self.bias)"),
    "linear without its bias": wrong("test_linear", 3, "functional", "        y += bias.data\n        parents", "        parents"),
    "negative ids count from the end": wrong(
        "test_take_rows", 1, "ops", "not 0 <= ids.min() <= ids.max() < rows", "not ids.max() < rows"
    ),
    "concat along the first axis only": wrong(
        "test_concat", 2, "ops", "joined = np.concatenate([part.data for part in parts], axis=axis)", "joined = np.concatenate([part.data for part in parts])"
    ),
}

GRADIENTS = {
    "softmax_vjp gives zeros": wrong(
        "test_softmax_vjp", 3, "functional", "return y * (g - (g * y).sum(axis=axis, keepdims=True))", "return np.zeros_like(y)"
    ),
    "softmax_vjp with the diagonal only": wrong(
        "test_softmax_vjp", 3, "functional", "return y * (g - (g * y).sum(axis=axis, keepdims=True))", "return y * (1 - y) * g"
    ),
    "log_softmax forgets the other outputs": wrong(
        "test_log_softmax_gradient", 2, "functional", "return (g - np.exp(y) * g.sum(axis=axis, keepdims=True),)", "return (g,)"
    ),
    "cross-entropy without the target": wrong("test_cross_entropy_vjp", 5, "functional", "    grad[picked] -= 1.0\n", ""),
    "gradient of the sum of the losses": wrong(
        "test_cross_entropy_vjp", 5, "functional", "grad *= g / len(grad)", "grad *= g"
    ),
    "gradient of ignored targets": wrong(
        "test_cross_entropy_vjp", 5, "functional", "grad *= (counted * (g / counted.sum()))[:, None]", "grad *= g / counted.sum()"
    ),
    "layer norm without the way over the variance": wrong(
        "test_layer_norm_vjp", 6, "functional", " - normal * _row_means(dnormal * normal)", ""
    ),
    "layer norm forgets its weight": wrong("test_layer_norm_vjp", 6, "functional", "dnormal = rows * weight\n", "dnormal = rows\n"),
    "layer norm gives the mean for its bias": wrong(
        "test_layer_norm_vjp",
        6,
        "functional",
        "_column_sums(rows * normal), _column_sums(rows)\n",
        "_column_sums(rows * normal), rows.mean(axis=0)\n",
    ),
    "gelu takes its gate for a constant": wrong(
        "test_gelu_gradient", 2, "functional", "slope *= 2.0 * gate * (1.0 - gate)", "slope *= 0.0 * gate"
    ),
    "linear transposes the gradient of its weight": wrong(
        "test_linear_gradient", 2, "functional", "g_weight = g_rows.T.dot(rows)", "g_weight = rows.T.dot(g_rows)"
    ),
    "matmul reverses all axes": wrong(
        "test_matmul_gradient", 2, "ops", "g_a = g @ b.data.swapaxes(-1, -2)", "g_a = g @ b.data.T"
    ),
    "take_rows overwrites": wrong(
        "test_take_rows_gradient",
        1,
        "ops",
        "        return (one_hot.T.astype(g.dtype) @ g.reshape(-1, width),)",
        "        g_weight = np.zeros_like(weight.data)\n        g_weight[ids] += g\n        return (g_weight,)",
    ),
    "concat hands the parts out in reverse": wrong(
        "test_concat_gradient", 1, "ops", "tuple(np.split(g, ends[:-1], axis=axis))", "tuple(np.split(g, ends[:-1], axis=axis))[::-1]"
    ),
}

LAYERS = {
    "dropout does not scale": wrong("test_dropout", 2, "nn", "kept / (1.0 - self.p)", "kept * 1.0"),
    "dropout keeps with probability p": wrong("test_dropout", 2, "nn", ">= self.p", "< self.p"),
    "dropout drops whole rows": wrong(
        "test_dropout", 2, "nn", "self.rng.random(x.shape) >=", "self.rng.random((*x.shape[:-1], 1)) >="
    ),
    "dropout in evaluation": wrong("test_train_and_eval", 2, "nn", "if not self.training or self.p == 0.0", "if self.p == 0.0"),
    "eval() for this module only": wrong(
        "test_train_and_eval", 2, "nn", "        return self.train(False)", "        self.training = False\n        return self"
    ),
    "modules in dicts are missed": wrong("test_parameters", 5, "nn", "    elif isinstance(item, dict):\n        children = item.items()\n", ""),
    "modules in tuples are missed": wrong("test_parameters", 5, "nn", "(list, tuple)", "list"),
    "shared parameters count twice": wrong(
        "test_parameters", 3, "nn", "found[id(item)] = (name, item)", "found[len(found)] = (name, item)"
    ),
    "names without their path": wrong("test_parameters", 3, "nn", 'f"{name}.{key}" if name else str(key)', "str(key)"),
    "zero_grad keeps what inner modules have": wrong(
        "test_zero_grad", 1, "nn", "        for parameter in self.parameters():\n", "        for parameter in self.parameters()[:2]:\n"
    ),
    "fan-out instead of fan-in": wrong("test_uniform_fan_in", 2, "init", "shape[-1])", "shape[0])"),
    "variance instead of standard deviation": wrong("test_normal", 1, "init", "rng.normal(0.0, std,", "rng.normal(0.0, std**2,"),
    "numbers of the global generator": wrong(
        "test_uniform_fan_in", 2, "init", "rng.uniform(-bound", "np.random.uniform(-bound"
    ),
    "embedding starts at zero": wrong(
        "test_layers_start", 1, "nn", "init.normal((num, dim), 0.1, rng)", "np.zeros((num, dim))"
    ),
}

OPTIMISERS = {
    "damped momentum": wrong("test_momentum", 4, "optim", "u += p.grad", "u += (1 - self.momentum) * p.grad if self.momentum else p.grad"),
    "a step that moves nothing": wrong("test_sgd", 9, "optim", "                p.data -= self.lr * u\n", "                moved = p.data - self.lr * u\n"),
    "sgd uphill": wrong("test_sgd", 7, "optim", "p.data -= self.lr * u", "p.data += self.lr * u"),
    "no bias correction": wrong("test_adamw", 6, "optim", "move *= state.lr / (1.0 - beta1**state.t)", "move *= state.lr"),
    "steps counted from 0": wrong("test_adamw", 14, "optim", "        self.t = 0\n", "        self.t = -1\n"),
    "eps inside the root": wrong(
        "test_adamw",
        6,
        "optim",
        "    np.sqrt(v, out=move)\n    move /= math.sqrt(1.0 - beta2**state.t)\n    move += state.eps\n",
        "    np.divide(v, 1.0 - beta2**state.t, out=move)\n    move += state.eps\n    np.sqrt(move, out=move)\n",
    ),
    "the square of the gradient is forgotten": wrong("test_adamw", 11, "optim", "(1.0 - beta2) * g * g", "(1.0 - beta2) * np.abs(g)"),
    "decay inside the gradient": wrong(
        "test_weight_decay",
        3,
        "optim",
        "gradients = [p.grad.reshape(-1) for p, _ in moving]",
        "gradients = [(p.grad + self.weight_decay * p.data).reshape(-1) for p, _ in moving]",
    ),
    "decay without lr": wrong("test_weight_decay", 3, "optim", "1.0 - self.lr * self.weight_decay", "1.0 - self.weight_decay"),
    "decay after the step": wrong(
        "test_weight_decay",
        3,
        "optim",
        "            p.data -= self.moves[part].reshape(p.shape)\n",
        "            p.data -= self.moves[part].reshape(p.shape) / (1.0 - self.lr * self.weight_decay)\n",
    ),
    "state goes to the next parameter": wrong(
        "test_without_gradient",
        2,
        "optim",
        "zip(self.params, self.parts, strict=True) if p.grad is not None]",
        "zip([p for p in self.params if p.grad is not None], self.parts)]",
    ),
    "frozen parameters decay": wrong(
        "test_without_gradient",
        1,
        "optim",
        "        for p, part in moving:\n",
        "        for p in self.params:\n            if p.grad is None:\n                p.data *= 1.0 - self.lr * self.weight_decay\n        for p, part in moving:\n",
    ),
    "the learning rate of the beginning": wrong(
        "test_changing_rate", 1, "optim", "                p.data -= self.lr * u\n",
        "                self.first = getattr(self, 'first', self.lr)\n                p.data -= self.first * u\n",
    ),
    "zero_grad of optimisers does nothing": wrong("test_zero_grad", 6, "optim", "            p.grad = None\n", "            p.grad = p.grad\n"),
    "each gradient clipped by itself": wrong(
        "test_clip_long",
        3,
        "optim",
        "        for g in gradients:\n            g *= max_norm / norm\n",
        "        for g in gradients:\n            g *= min(1.0, max_norm / np.linalg.norm(g))\n",
    ),
    "squared norm": wrong("test_clip_long", 5, "optim", "norm = math.sqrt(sum(", "norm = (sum("),
    "short gradients are stretched": wrong("test_clip_short", 1, "optim", "    if norm > max_norm:\n        for g", "    if norm:\n        for g"),
    "the norm after clipping": wrong("test_clip_returns", 1, "optim", "    return norm\n", "    return min(norm, max_norm)\n"),
    "warm-up from zero": wrong("test_schedule", 1, "optim", "return peak * step / warmup", "return peak * (step - 1) / warmup"),
    "cosine ends a step early": wrong("test_schedule", 1, "optim", "if step >= total:", "if step >= total - 1:"),
    "cosine to zero instead of floor": wrong(
        "test_schedule", 1, "optim", "return floor + (peak - floor) * 0.5", "return peak * 0.5"
    ),
}

DATA = {
    "targets are the inputs": wrong("test_make_batch", 1, "data", "tokens[:, 1:]", "tokens[:, :-1]"),
    "ids from 0": wrong("test_tokenizer", 2, "data", "start=1", "start=0"),
    "characters in the order of their coming": wrong("test_tokenizer", 2, "data", "cls(sorted(set(", "cls(list(dict.fromkeys("),
    "text goes on after the end mark": wrong("test_tokenizer", 1, "data", "                break\n", "                continue\n"),
    "the short last batch is left out": wrong(
        "test_batches", 2, "data", "range(0, len(order), size)", "range(0, len(order) - size + 1, size)"
    ),
    "inputs and targets shuffled apart": wrong("test_batches", 2, "data", "yield x[chosen], y[chosen]", "yield x[chosen], y[rng.permutation(chosen)]"),
    "rows drawn with repetition": wrong(
        "test_batches", 2, "data", "rng.permutation(len(x))", "rng.integers(0, len(x), len(x))"
    ),
    "no shuffling": wrong("test_batches", 2, "data", "rng.permutation(len(x))", "np.arange(len(x))"),
    "copies on both sides": wrong("test_split", 1, "data", "different = sorted(set(strings))", "different = list(range(len(strings)))"),
}

ALL = {**FORWARD, **GRADIENTS, **LAYERS, **OPTIMISERS, **DATA}
