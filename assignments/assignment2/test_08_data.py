"""Group 8: strings to ids, ids to batches, and what must not be on both sides of a split."""

import numpy as np
import pytest

from tinygrade import StudentFailure
from tinygrade.checks.compare import describe
from tinygrade.checks.loops import listed

ALPHABET = list("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def strings_of(rng, number, longest=10):
    """Different strings of drawn characters, none of them empty."""
    found = {}
    while len(found) < number:
        found["".join(rng.choice(ALPHABET, rng.integers(1, longest + 1)))] = None
    return list(found)


@pytest.mark.points(1)
@pytest.mark.title("tokenizer: there and back")
@pytest.mark.task("A2.6")
@pytest.mark.where("data.CharTokenizer")
@pytest.mark.hint("Which id has the first character of the alphabet, and what does id 0 stand for?")
def test_tokenizer(parity, student, rng):
    strings = strings_of(rng, 4)

    def tokenizer(lib):
        return lib.data.CharTokenizer.from_strings(strings)

    parity(
        lambda lib: [tokenizer(lib).encode(text) for text in strings],
        "encode",
        about="data.CharTokenizer.encode",
        inputs={"strings": strings},
    )
    for ids in ([3, 1, 2], [3, 1, 0, 2], [0, 1], []):
        parity(
            lambda lib, ids=ids: tokenizer(lib).decode(ids),
            f"decode({ids})",
            about="data.CharTokenizer.decode",
            inputs={"ids": ids, "strings": strings},
        )
    known = student.data.CharTokenizer.from_strings(["AB", "BC"])
    student.raises(ValueError, lambda: known.encode("AXB"), valid=lambda: known.encode("CAB"))


@pytest.mark.points(1)
@pytest.mark.title("make_batch: targets are the inputs, one later")
@pytest.mark.task("A2.6")
@pytest.mark.where("data.make_batch")
@pytest.mark.needs("test_tokenizer")
@pytest.mark.hint("For the string AB and four tokens: what is fed in at each position, and what should come out there?")
def test_make_batch(parity, student, rng):
    strings = [*strings_of(rng, 5), "ABCDEFGHIJ", "Z"]

    for max_len in (10, 12):

        def both(lib, max_len=max_len):
            tokenizer = lib.data.CharTokenizer.from_strings(strings)
            if max_len == 10:
                return lib.data.make_batch(strings, tokenizer)
            return lib.data.make_batch(strings, tokenizer, max_len=max_len)

        name = "x, y of make_batch" if max_len == 10 else f"x, y of make_batch with max_len {max_len}"
        parity(both, name, about="data.make_batch", inputs={"strings": strings, "max_len": max_len})
    tokenizer = student.data.CharTokenizer.from_strings(strings)
    make_batch = student.data.make_batch
    student.raises(
        ValueError,
        lambda: make_batch(["ABCDE"], tokenizer, max_len=4),
        valid=lambda: make_batch(["ABCD"], tokenizer, max_len=4),
    )


@pytest.mark.points(2)
@pytest.mark.title("batches: every row once an epoch, with its targets, in random order")
@pytest.mark.task("A2.6")
@pytest.mark.where("data.batches")
@pytest.mark.hint("Number the rows of x, and add 100 for y. What do you see when you print the batches of one epoch?")
def test_batches(student, mistake, rng):
    seed = int(rng.integers(1 << 62))
    for rows, size in ((23, 5), (20, 5), (4, 9)):
        x = np.arange(rows)[:, None] + np.arange(3) * 1000
        generator = student.generator(seed)
        first, second = (epoch(student, mistake, x, size, generator) for _ in range(2))
        other = epoch(student, mistake, x, size, student.generator(seed))
        if other != first:
            raise mistake("seed-ignored", "two generators of the same seed give other batches")
        if rows > 20 and first in (second, list(range(rows))):
            raise mistake("batches-in-order", "the rows come in the same order in every epoch")


def epoch(student, mistake, x, size, generator):
    """The order of the rows in one epoch; each batch must be whole."""
    rows, y = len(x), x + 100
    made = listed(student, student.data.batches(x, y, size, generator), rows + 1)
    order = []
    for number, batch in enumerate(made):
        name = f"batch {number} of {rows} rows with size {size}"
        if type(batch) not in (tuple, list) or len(batch) != 2:
            raise StudentFailure(f"{name} is {describe(batch)}, expected x and y")
        expected = (min(size, rows - len(order)), 3)
        for part, what in zip(batch, "xy", strict=True):
            if not isinstance(part, np.ndarray) or part.shape != expected:
                raise StudentFailure(f"{what} in {name} is {describe(part)}, expected shape {expected}")
        if not np.array_equal(batch[0] + 100, batch[1]):
            raise mistake("batches-unpaired", f"{name} holds targets of other rows than its inputs")
        order += batch[0][:, 0].tolist()
    missing, twice = sorted(set(range(rows)) - set(order)), sorted({row for row in order if order.count(row) > 1})
    if missing:
        told = f"in an epoch of {rows} rows with size {size}, row {missing[0]} does not come"
        raise mistake("batches-incomplete", told, missing=missing)
    if twice:
        told = f"in an epoch of {rows} rows with size {size}, row {twice[0]} comes twice"
        raise mistake("batches-incomplete", told, twice=twice)
    return order


@pytest.mark.points(1)
@pytest.mark.title("train_val_split: no string on both sides")
@pytest.mark.task("A2.6")
@pytest.mark.where("data.train_val_split")
@pytest.mark.hint("The data have the same string three times. Where may its copies go?")
def test_split(student, mistake, rng):
    different = strings_of(rng, 20)
    strings = [different[i] for i in rng.permutation(np.arange(60) % 20)]
    seed = int(rng.integers(1 << 62))

    def sides(seed, fraction):
        found = student.fetch(student.data.train_val_split(strings, fraction, student.generator(seed)))
        if type(found) not in (tuple, list) or len(found) != 2 or not all(_are_strings(side) for side in found):
            raise StudentFailure("train_val_split does not give two lists of strings")
        train, validation = found
        if sorted([*train, *validation]) != sorted(strings):
            raise StudentFailure(f"of {len(strings)} strings, {len(train)} and {len(validation)} came back")
        if both := sorted(set(train) & set(validation)):
            raise mistake("split-leaks", f"{both[0]!r} is on both sides")
        wanted = round(20 * fraction)
        if abs(len(set(validation)) - wanted) > (1 if 0 < fraction < 1 else 0):
            raise StudentFailure(
                f"with fraction {fraction:g}, {len(set(validation))} of 20 different strings are for validation"
            )
        return set(validation)

    chosen = sides(seed, 0.25)
    if sides(seed, 0.25) != chosen:
        raise mistake("seed-ignored", "two generators of the same seed give other splits")
    # Two right splits are alike once in 15,504 draws, four once in 10^12.
    if all(sides(seed + i, 0.25) == chosen for i in (1, 2, 3)):
        raise mistake("seed-ignored", "every seed gives the same split")
    sides(seed, 0.0)
    sides(seed, 0.5)


def _are_strings(side):
    return type(side) is list and all(type(text) is str for text in side)
