"""Group 4: the walk back through a graph: tensors that are used more than once, twice, deeply, and left alone.

All tensors have equal shapes, and a wrong operation is replaced by a given one, so that only the walk is judged here.
"""

import numpy as np
import pytest

from tinygrade import StudentFailure
from tinygrade.checks.calls import positive
from tinygrade.checks.compare import compare

pytestmark = [pytest.mark.task("A1.4"), pytest.mark.where("tensor.Tensor.backward")]

LENGTH = 5000


def leaves(lib, *arrays):
    return [lib.tensor.Tensor(array, requires_grad=True) for array in arrays]


def gradients_of(graph, gradcheck):
    """Check the gradients of both leaves of `graph(lib, a, b)`, whose text is its docstring.

    What is merely shared or mutated, with right numbers, is judged by the checks at the end of this file.
    """
    gradcheck(
        lambda lib: lambda a, b: graph(lib, a, b),
        shapes=[(3,), (3,)],
        draw=positive,
        name=graph.__doc__,
        verdict="backward",
        allow=("gradient-aliased", "inputs-mutated"),
    )


def double(lib, a, b):
    """a + a + 0 * b"""
    return lib.ops.add(lib.ops.add(a, a), lib.ops.mul(b, 0.0))


def square(lib, a, b):
    """(a * a) / b"""
    return lib.ops.div(lib.ops.mul(a, a), b)


def after_add(lib, a, b):
    """(a + b) + a"""
    return lib.ops.add(lib.ops.add(a, b), a)


def before_add(lib, a, b):
    """a + (b + a)"""
    return lib.ops.add(a, lib.ops.add(b, a))


@pytest.mark.points(4)
@pytest.mark.title("a leaf that is used twice")
@pytest.mark.given("test_add", "test_mul", "test_div")
@pytest.mark.hint("How many arrows of the graph enter a? What has to happen to the gradients that come along them?")
@pytest.mark.parametrize("graph", [double, square, after_add, before_add])
def test_reuse(gradcheck, graph):
    gradients_of(graph, gradcheck)


def diamond(lib, a, b):
    """c + exp(c) with c = a * b"""
    c = lib.ops.mul(a, b)
    return lib.ops.add(c, lib.ops.exp(c))


def diamond_swapped(lib, a, b):
    """exp(c) + c with c = a * b"""
    c = lib.ops.mul(a, b)
    return lib.ops.add(lib.ops.exp(c), c)


def shallow(lib, a, b):
    """c + d with d = c * exp(c * b), c = a * b"""
    c = lib.ops.mul(a, b)
    return lib.ops.add(c, lib.ops.mul(c, lib.ops.exp(lib.ops.mul(c, b))))


def shallow_swapped(lib, a, b):
    """d + c with d = exp(b * c) * c, c = a * b"""
    c = lib.ops.mul(a, b)
    return lib.ops.add(lib.ops.mul(lib.ops.exp(lib.ops.mul(b, c)), c), c)


def ladder(lib, a, b):
    """c = c * b + c, six times from c = a"""
    c = a
    for _ in range(6):
        c = lib.ops.add(lib.ops.mul(c, b), c)
    return c


@pytest.mark.points(5)
@pytest.mark.title("a node in the middle that is used twice")
@pytest.mark.given("test_add", "test_mul", "test_exp")
@pytest.mark.hint("When you hand the gradient of c on to a and b, has everyone who used c already added their share?")
@pytest.mark.parametrize("graph", [diamond, diamond_swapped, shallow, shallow_swapped, ladder])
def test_diamonds(gradcheck, graph):
    gradients_of(graph, gradcheck)


GRAPH = "c = a * b, d = exp(c), root = d * a + c"
USES = (("the root", "c"), ("the root", "d"), ("the root", "a"), ("d", "c"), ("c", "a"), ("c", "b"))


@pytest.mark.points(1)
@pytest.mark.title("topological_order: after all its consumers")
@pytest.mark.where("tensor.topological_order")
@pytest.mark.given("test_add", "test_mul", "test_exp")
@pytest.mark.hint("Write down the order that you get for c = a * b; d = c + a. May a come before c?")
def test_order(student, rng):
    ops = student.ops
    a, b = leaves(student, *rng.uniform(0.5, 1.5, (2, 3)))
    c = ops.mul(a, b)
    d = ops.exp(c)
    root = ops.add(ops.mul(d, a), c)
    nodes = {name: student.fetch(node, shape=(3,), dtype="f") for name, node in zip("abcd", (a, b, c, d), strict=True)}
    nodes["the root"] = student.fetch(root, shape=(3,), dtype="f")
    order = student.fetch(student.tensor.topological_order(root))
    if type(order) not in (list, tuple):
        raise StudentFailure("topological_order does not return a list of tensors")
    at = {name: [i for i, item in enumerate(order) if np.array_equal(item, node)] for name, node in nodes.items()}
    for name, found in at.items():
        if len(found) != 1:
            raise StudentFailure(f"{GRAPH}: {name} stands in the order {len(found)} times, not once")
    for consumer, used in USES:
        if at[consumer] > at[used]:
            raise StudentFailure(f"{GRAPH}: {used} stands before {consumer}, which uses it")


@pytest.mark.points(2)
@pytest.mark.title("backward twice: leaves double, nothing else remembers")
@pytest.mark.given("test_mul", "test_exp")
@pytest.mark.needs("test_reuse", "test_diamonds")
@pytest.mark.hint("What is left over in the nodes between root and leaves after the first call?")
@pytest.mark.parametrize("which", ["leaves", "nodes between"])
def test_twice(parity, mistake, rng, which):
    x, y, cotangent = rng.uniform(0.5, 1.5, (3, 3))

    def after(times):
        def gradients(lib):
            a, b = leaves(lib, x, y)
            c = lib.ops.mul(a, b)
            out = lib.ops.mul(lib.ops.exp(c), c)
            for _ in range(times):
                out.backward(cotangent)
            return {"leaves": {"a": a.grad, "b": b.grad}, "nodes between": {"c": c.grad}}[which]

        return gradients

    parity(after(1), "exp(c) * c with c = a * b: the gradient of")
    try:
        parity(after(2), "exp(c) * c with c = a * b, backward twice: the gradient of")
    except StudentFailure as failure:
        if failure.status != "failed":
            raise
        raise mistake("backward-twice", failure.message) from None


@pytest.mark.points(2)
@pytest.mark.title("where the walk starts")
@pytest.mark.given("test_mul")
@pytest.mark.hint("How much does L change when L changes by one? And what would that mean for a result of six numbers?")
@pytest.mark.parametrize("which", ["one number", "several numbers"])
def test_start(parity, student, mistake, rng, which):
    x = rng.standard_normal((2, 3))
    if which == "one number":

        def gradients(lib):
            tensors = {f"shape {shape}": leaves(lib, np.full(shape, 2.0))[0] for shape in ((), (1,), (1, 1))}
            for tensor in tensors.values():
                lib.ops.mul(tensor, 3.0).backward()
            return {name: tensor.grad for name, tensor in tensors.items()}

        parity(gradients, "backward() of one number: the gradient at")
        return
    (a,) = leaves(student, x)
    out = student.ops.mul(a, 3.0)
    refused(student, mistake, out, [], "backward() of a (2, 3) tensor without a gradient")
    refused(student, mistake, out, [np.ones(3)], "backward of a (2, 3) tensor with a gradient of shape (3,)")


def refused(student, mistake, out, args, name):
    try:
        student.raises(ValueError, lambda: out.backward(*args), valid=lambda: out.backward(np.ones((2, 3))))
    except StudentFailure as failure:
        if failure.status != "failed":
            raise
        if failure.message.startswith("no ValueError"):
            raise mistake("error-not-raised", f"{name}: {failure.message}") from None
        raise StudentFailure(f"{name}: {failure.message}", where=failure.where) from None


@pytest.mark.points(2)
@pytest.mark.title(f"a chain of {LENGTH:,} operations")
@pytest.mark.hint("How deep may Python's calls be nested, and what could remember the way instead?")
def test_chain(student, mistake, rng):
    x, cotangent = rng.standard_normal((2, 3))
    try:
        got = student.loop("chain", x, LENGTH, cotangent)
    except StudentFailure as failure:
        if not failure.message.startswith("RecursionError"):
            raise
        raise mistake("recursion-limit", failure.message) from None
    compare(got, {"output": x + LENGTH, "gradient": cotangent}, "after the chain:", rtol=1e-9)


@pytest.mark.points(2)
@pytest.mark.title("no two gradients share their memory")
@pytest.mark.given("test_add")
@pytest.mark.needs("test_reuse")
@pytest.mark.hint("a.grad and b.grad hold equal numbers. Are they two arrays, or two names for one?")
@pytest.mark.parametrize("which", ["with each other", "with what arrived"])
def test_no_aliasing(parity, mistake, student, rng, which):
    x, y, cotangent = rng.standard_normal((3, 3))

    def after_a_write(lib):
        a, b = leaves(lib, x, y)
        upstream = lib.keep(cotangent)
        lib.ops.add(a, b).backward(upstream)
        if which == "with each other":
            a.grad[0] = 99.0
            return {"b.grad": b.grad}
        a.grad[0] = b.grad[1] = 99.0
        return {"the array given to backward": upstream}

    for name, array in student.fetch(after_a_write(student)).items():
        if isinstance(array, np.ndarray) and (array == 99.0).any():
            raise mistake("gradient-aliased", f"(a + b).backward(g), then a.grad[0] = 99: {name} holds the 99, too")
    parity(after_a_write, "after (a + b).backward(g) and a.grad[0] = 99:")


@pytest.mark.points(1)
@pytest.mark.title("data and the given gradient stay as they are")
@pytest.mark.given("test_add", "test_mul")
@pytest.mark.needs("test_reuse")
@pytest.mark.hint("Which line of your backward writes into an array that it did not make itself?")
def test_nothing_changed(parity, rng):
    x, y, cotangent = rng.standard_normal((3, 3))

    def afterwards(lib):
        kept = {"a": lib.keep(x), "b": lib.keep(y), "the gradient given to backward": lib.keep(cotangent)}
        a, b = leaves(lib, kept["a"], kept["b"])
        out = lib.ops.add(lib.ops.add(lib.ops.mul(a, b), a), a)
        for _ in range(2):
            out.backward(kept["the gradient given to backward"])
        return {**kept, "a.data": a.data, "out.data": out.data}

    parity(afterwards, "out = a * b + a + a, after backward twice:")


@pytest.mark.points(1)
@pytest.mark.title("detach and zero_grad")
@pytest.mark.where("tensor.Tensor.detach")
@pytest.mark.given("test_mul")
@pytest.mark.needs("test_reuse")
@pytest.mark.hint("Which ways lead from the result to a, and which of them did detach cut?")
def test_detach(parity, mistake, student, rng):
    x, y, cotangent = rng.standard_normal((3, 3))
    a, b = leaves(student, x, y)
    student.ops.mul(student.ops.mul(a, b).detach(), a).backward(cotangent)
    if student.fetch(b.grad) is not None:
        raise mistake("graph-not-cut", "(a * b).detach() * a: b gets a gradient, though its only way is cut")

    def gradients(lib):
        a, b = leaves(lib, x, y)
        out = lib.ops.mul(lib.ops.mul(a, b).detach(), a)
        out.backward(cotangent)
        a.zero_grad()
        out.backward(cotangent)
        return {"value": out.data, "the gradient of a": a.grad, "the gradient of b": b.grad}

    parity(gradients, "(a * b).detach() * a, with a.zero_grad() between two backwards:")
