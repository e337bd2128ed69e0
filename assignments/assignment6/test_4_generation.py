"""Group 4: from a prompt to a text, and when it ends. The generator is given, so every text is known."""

import numpy as np
import pytest

from tinygrade.checks.compare import compare
from tinygrade.checks.loops import called
from tinygrade.failures import StudentFailure

PIECE = "generate.generate"
GIVEN = ("test_temperature", "test_top_k", "test_top_p", "test_sample")
pytestmark = [pytest.mark.task("A6.5"), pytest.mark.where(PIECE), pytest.mark.given(*GIVEN)]


def texts(lib, net, calls):
    """What each call gives, each with a model and a generator of its own: `(prompt, max_new, seed, settings)`.

    Two right implementations differ by some 1e-14 in a probability. A number u between the two, which would change a
    token, is drawn less than once in 1e10 runs: 30 ends of intervals, about 100 tokens a run.
    """
    model, found = net.build(lib), []
    for prompt, max_new, seed, settings in calls:
        options = {"cache": False, "stop": None, **settings}
        found.append(lib.generate.generate(model, prompt, max_new, rng=lib.generator(seed), **options))
    return found


def judge(parity, net, calls, name):
    told = [{"prompt": list(prompt), "max_new": n, "seed": seed, **settings} for prompt, n, seed, settings in calls]
    parity(
        lambda lib: texts(lib, net, calls),
        name,
        about=PIECE,
        inputs={"calls": told, "weights": net.weights, "heads": net.heads, "layers": net.layers},
    )


def prompts_of(rng, *lengths):
    return [[int(token) for token in rng.integers(1, 31, length)] for length in lengths]


def seed_of(rng):
    return int(rng.integers(1 << 62))


@pytest.mark.points(4)
@pytest.mark.title("greedy: the likeliest token after the last one")
@pytest.mark.hint("The model gives a row of logits for each position. Which row is about the token that comes next?")
def test_greedy(parity, network, rng):
    net = network()
    calls = [(prompt, 6, seed_of(rng), {"temperature": 0.0}) for prompt in prompts_of(rng, 1, 3, 7)]
    judge(parity, net, calls, "token of generate at temperature 0: prompt")


@pytest.mark.points(3)
@pytest.mark.title("sampled: one number of rng for each token")
@pytest.mark.needs("test_greedy")
@pytest.mark.hint("How often is your generator asked for one token, and with which settings is its number used?")
def test_sampled(parity, student, network, rng, mistake):
    net = network()
    several = student.fetch(texts(student, net, [([1, 2], 8, seed, {"temperature": 3.0}) for seed in (1, 2, 3)]))
    if alike(several):
        raise mistake("seed-ignored", "at temperature 3, three different generators give the same text of 8 tokens")
    settings = [{}, {"temperature": 1.5}, {"temperature": 2.0, "top_k": 6}, {"temperature": 2.0, "top_p": 0.9}]
    prompts = prompts_of(rng, 2, 3, 1, 4)
    calls = [(prompt, 8, seed_of(rng), each) for prompt, each in zip(prompts, settings, strict=True)]
    judge(parity, net, calls, "token of generate: prompt")


@pytest.mark.points(2)
@pytest.mark.title("it ends at the end mark, which is not part of the text")
@pytest.mark.needs("test_greedy")
@pytest.mark.hint("Who sees the end mark: your loop, or your reader?")
def test_stop(parity, network, rng):
    net = network()
    (prompt,) = prompts_of(rng, 3)
    every = [(prompt, 6, 0, {"temperature": 0.0, "stop": stop}) for stop in range(31)]
    judge(parity, net, every, "text for each id as stop")
    # Nothing but the end mark is left: by default it ends the text, and without `stop` it is a token like any other.
    only = {"never": list(range(1, 31))}
    parity(
        lambda lib: [
            lib.generate.generate(net.build(lib), prompt, 4, rng=lib.generator(0), cache=False, **settings)
            for settings in (only, {**only, "stop": None})
        ],
        "text of end marks: with stop, without",
    )


@pytest.mark.points(2)
@pytest.mark.title("excluded ids are excluded before anything else")
@pytest.mark.needs("test_greedy")
@pytest.mark.hint("Of the three largest logits one is excluded. How many tokens does top_k = 3 leave?")
def test_never(parity, network, rng):
    net = network()
    never = [0, *(int(token) for token in rng.permutation(np.arange(1, 31))[:12])]
    settings = [{"temperature": 3.0, "top_k": 6}, {"temperature": 3.0, "top_p": 0.8}]
    calls = [(*prompts_of(rng, length), 8, seed_of(rng), {"never": never, **s}) for s in settings for length in (2, 4)]
    judge(parity, net, calls, "token of generate with excluded ids: prompt")


@pytest.mark.points(2)
@pytest.mark.title("never more tokens than asked for, nor than the model has positions")
@pytest.mark.needs("test_greedy")
@pytest.mark.hint("Prompt and text share the positions. How many are left when the prompt has all but one?")
def test_length(parity, student, network, rng):
    net = network(max_len=8)
    lengths = [(3, 0), (3, 1), (3, 20), (7, 5), (8, 5)]
    calls = [(*prompts_of(rng, length), new, 1, {"temperature": 0.0}) for length, new in lengths]
    judge(parity, net, calls, "text at the end of the positions: case")
    model, generator = net.build(student), student.generator(0)
    for bad in ([], [1] * 9):
        student.raises(
            ValueError,
            lambda bad=bad: student.generate.generate(model, bad, 2, rng=generator, cache=False),
            valid=lambda: student.generate.generate(model, [1] * 8, 2, rng=generator, cache=False),
        )


@pytest.mark.points(2)
@pytest.mark.title("with the cache, the same text; and once more, the same again")
@pytest.mark.needs("test_greedy", "test_one_by_one", "test_chunks")
@pytest.mark.hint("What does your cache still hold when the next prompt comes?")
def test_with_cache(student, reference, network, rng, mistake):
    net = network(max_len=40)  # room for all three texts in one cache: what is not reset must not run full
    first, second = prompts_of(rng, 3, 5)
    settings = {"temperature": 1.5, "top_k": 8}
    calls = [(prompt, 8, seed, settings) for prompt, seed in ((first, 1), (second, 2), (first, 1))]
    uncached = plain(reference.fetch(texts(reference, net, calls)))
    got = student.fetch(texts(student, net, [(*call[:3], {**settings, "cache": True}) for call in calls]))
    if again(got, uncached):
        raise mistake("cache-not-reset", "the same prompt, model and rng give another text the second time")
    compare(got, uncached, "text with cache: call")
    # On the student's side alone, whatever it is: a switch must not change what comes out.
    model = net.build(student)
    one = [((model, first, 4), {"rng": student.generator(5), "cache": cache, "stop": None}) for cache in (True, False)]
    with_cache, without = called(student, student.generate.generate, one)
    if not isinstance(without, list) or not all(isinstance(token, int | np.integer) for token in without):
        raise StudentFailure("generate without cache gave no list of ids")
    compare(with_cache, without, "text with cache, compared with yours without")


def alike(found):
    """Is it three times the same text of 8 ids? By chance that is one in 10^10 and less."""
    rows = [np.asarray(text) for text in found] if type(found) is list else []
    are_texts = len(rows) == 3 and all(row.dtype.kind == "i" and row.shape == (8,) for row in rows)
    return are_texts and all(np.array_equal(row, rows[0]) for row in rows)


def plain(texts):
    return [[int(np.asarray(token)) for token in text] for text in texts]


def again(got, expected):
    """Is the first text right, and its repetition another one?"""
    try:
        compare(got[0], expected[0], "first")
    except (StudentFailure, TypeError, IndexError, KeyError):
        return False
    try:
        compare(got[2], expected[2], "again")
    except StudentFailure:
        return True
    except (TypeError, IndexError, KeyError):
        return False
    return False
