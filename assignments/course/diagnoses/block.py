"""Block: where the stream is normalised, what is added to it, and what each half reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from tinygrade.diagnosis.catalogue import Rule

from .formulas import Call, Claims, values
from .self_attention import project, self_attention

BLOCK = "transformer.Block"
Map = Callable[[np.ndarray], np.ndarray]


class Parts:
    """The four parts of a block as functions on arrays, with right pieces of the solved package."""

    def __init__(self, call: Call, weights: Mapping[str, np.ndarray], heads: int) -> None:
        self._call, self._weights, self._heads = call, weights, heads

    def ln1(self, x: np.ndarray) -> np.ndarray:
        return self._norm("ln1", x)

    def ln2(self, x: np.ndarray) -> np.ndarray:
        return self._norm("ln2", x)

    def attn(self, x: np.ndarray) -> np.ndarray:
        return self_attention(self.below("attn"), x, self._heads)

    def mlp(self, x: np.ndarray) -> np.ndarray:
        return self.mlp_with(self._call.right.functional.gelu, x)

    def mlp_with(self, gate: Map, x: np.ndarray) -> np.ndarray:
        weights = self.below("mlp")
        return project(weights, "fc2", gate(project(weights, "fc1", x)))

    def below(self, name: str) -> dict[str, np.ndarray]:
        prefix = f"{name}."
        return {k.removeprefix(prefix): w for k, w in self._weights.items() if k.startswith(prefix)}

    def _norm(self, name: str, x: np.ndarray) -> np.ndarray:
        weights = self.below(name)
        return np.asarray(self._call.right.functional.layer_norm(x, weights["weight"], weights["bias"]))

    def right(self, x: np.ndarray) -> np.ndarray:
        """The block as it should be."""
        x = x + self.attn(self.ln1(x))
        return x + self.mlp(self.ln2(x))


def _two_steps(first: Map, second: Map) -> Map:
    return lambda x: second(first(x))


def _halves(p: Parts) -> tuple[Map, Map]:
    return (lambda x: x + p.attn(p.ln1(x))), (lambda x: x + p.mlp(p.ln2(x)))


def _post_norm(p: Parts) -> dict[str, Map]:
    first, second = _halves(p)
    late1, late2 = (lambda x: p.ln1(x + p.attn(x))), (lambda x: p.ln2(x + p.mlp(x)))
    return {
        "both halves": _two_steps(late1, late2),
        "the first half": _two_steps(late1, second),
        "the second half": _two_steps(first, late2),
        "before it is added": _two_steps(lambda x: x + p.ln1(p.attn(x)), lambda x: x + p.ln2(p.mlp(x))),
        "at the end only": lambda x: p.ln2(_two_steps(lambda x: x + p.attn(x), lambda x: x + p.mlp(x))(x)),
    }


def _of_norm(p: Parts) -> dict[str, Map]:
    first, second = _halves(p)
    normed1 = lambda x: p.ln1(x) + p.attn(p.ln1(x))  # noqa: E731
    normed2 = lambda x: p.ln2(x) + p.mlp(p.ln2(x))  # noqa: E731
    return {
        "both halves": _two_steps(normed1, normed2),
        "the first half": _two_steps(normed1, second),
        "the second half": _two_steps(first, normed2),
    }


def _missing_residual(p: Parts) -> dict[str, Map]:
    first, second = _halves(p)
    bare1, bare2 = (lambda x: p.attn(p.ln1(x))), (lambda x: p.mlp(p.ln2(x)))
    return {
        "both halves": _two_steps(bare1, bare2),
        "the first half": _two_steps(bare1, second),
        "the second half": _two_steps(first, bare2),
        "the input is added at the end": lambda x: x + bare2(bare1(x)),
    }


def _norms(p: Parts) -> dict[str, Map]:
    first, second = _halves(p)
    raw1, raw2 = (lambda x: x + p.attn(x)), (lambda x: x + p.mlp(x))
    return {
        "none": _two_steps(raw1, raw2),
        "none in the first half": _two_steps(raw1, second),
        "none in the second half": _two_steps(first, raw2),
        "the first in both halves": _two_steps(first, lambda x: x + p.mlp(p.ln1(x))),
        "the second in both halves": _two_steps(lambda x: x + p.attn(p.ln2(x)), second),
        "exchanged": _two_steps(lambda x: x + p.attn(p.ln2(x)), lambda x: x + p.mlp(p.ln1(x))),
        "both in the first half": _two_steps(lambda x: x + p.attn(p.ln2(p.ln1(x))), raw2),
    }


def _gates(p: Parts) -> dict[str, Map]:
    first, _ = _halves(p)
    gates: dict[str, Map] = {
        "none": lambda h: h,
        "relu": lambda h: np.maximum(h, 0.0),
        "tanh": np.tanh,
    }
    found = {
        name: _two_steps(first, lambda x, gate=gate: x + p.mlp_with(gate, p.ln2(x))) for name, gate in gates.items()
    }
    found["twice"] = _two_steps(first, lambda x: x + np.asarray(p._call.right.functional.gelu(p.mlp(p.ln2(x)))))
    return found


def _order(p: Parts) -> dict[str, Map]:
    first, second = _halves(p)
    return {
        "the second half first": _two_steps(second, first),
        "both halves read the input": lambda x: x + p.attn(p.ln1(x)) + p.mlp(p.ln2(x)),
        "each norm stays with its place": _two_steps(lambda x: x + p.mlp(p.ln1(x)), lambda x: x + p.attn(p.ln2(x))),
    }


def _half(p: Parts) -> dict[str, Map]:
    first, second = _halves(p)
    return {
        "attention": second,
        "the MLP": first,
        "both": lambda x: x,
    }


FAMILIES: dict[str, Callable[[Parts], dict[str, Map]]] = {
    "post-norm": _post_norm,
    "residual-of-norm": _of_norm,
    "residual-missing": _missing_residual,
    "block-norms": _norms,
    "block-gate": _gates,
    "block-order": _order,
    "half-of-block-missing": _half,
}


def _claims(family: Callable[[Parts], dict[str, Map]]) -> Callable[[Call], Claims]:
    def claims(call: Call) -> Claims:
        for name, wrong in family(Parts(call, call.weights, call.heads)).items():
            yield {"which": name}, lambda wrong=wrong: wrong(call.x)

    return claims


RULES: list[Rule] = [values(code, BLOCK, _claims(family)) for code, family in FAMILIES.items()]
