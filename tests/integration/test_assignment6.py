"""Assignment 6: points for speed cannot be had by being slow elsewhere, and stubs have nothing."""

from pathlib import Path

import pytest

MUTANTS = Path(__file__).resolve().parents[2] / "assignments" / "assignment6" / "mutants"
FORWARD = "        ids = np.asarray(ids)\n        if ids.ndim != 2"
SPIN = "        for _ in range(40):\n            np.tanh(np.ones(20_000))\n"


@pytest.mark.parametrize("spins", [False, True], ids=["honest", "slow on purpose"])
def test_a_slower_model_makes_no_cache(check, variant, mutant, spins):
    """What computes everything anew is as slow as the model itself, whether that one is fast or slow."""
    folder, facts = mutant(MUTANTS / "reads_everything_again.toml")
    if spins:
        model = folder / "tinytorch" / "transformer.py"
        assert model.read_text().count(FORWARD) == 1
        model.write_text(model.read_text().replace(FORWARD, SPIN + FORWARD))
        # ... and only when it is called by its own name: what the cache calls does without.
        cached = folder / "tinytorch" / "generate.py"
        source = cached.read_text()
        assert source.count("return model(cache.seen[None])") == 1
        cached.write_text(source.replace("return model(cache.seen[None])", "return _quick(model, cache.seen[None])"))
        cached.write_text(cached.read_text() + QUICK)
    run = check(folder, "-k", "test_cached_speed or test_one_by_one", assignment="assignment6")
    assert run.check("test_one_by_one")["status"] == "passed"
    # By the ratio alone, the one that is slow on purpose would have all five points.
    assert run.check("test_cached_speed")["points"] < (4 if spins else 1)
    assert run.check("test_cached_speed")["diagnosis"]["code"] == "reads-everything-again"


QUICK = '''

def _quick(model, ids):
    """The model's forward without what it does to be slow."""
    x = model.tok_emb(ids) + model.pos_emb(np.arange(ids.shape[1]))
    for block in model.blocks:
        x = block(x)
    return model.head(model.ln_f(x))
'''


def test_stubs_have_nothing(check, repository):
    run = check(repository / "student_template", assignment="assignment6")
    assert run.report["score"] == 0
    assert run.statuses() == {"not_implemented"}
