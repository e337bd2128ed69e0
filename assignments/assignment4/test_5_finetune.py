"""Group 5: fine-tuning that learns what is new, keeps what is old, and tells both truly."""

import numpy as np
import pytest

from tinygrade import StudentFailure
from tinygrade.checks.compare import describe

LR = 0.01
KEYS = ("losses", "new_before", "new_after", "old_before", "old_after")
#: Of a loss that two implementations compute.
TOLERANCE = 1e-6
#: Mean credit of the new strings with full points; more is luck of the last steps.
LEARNED = 0.6
#: Nats by which the loss on old strings may rise, and from which rise on nothing is earned. Without old strings in
#: the steps it rises by more than 1.
KEPT, FORGOTTEN = 0.2, 0.7
#: Share of either below which it is called by its name.
FEW = 0.8


def report_of(value):
    if type(value) is not dict or any(key not in value for key in KEYS):
        missing = [key for key in KEYS if key not in value] if type(value) is dict else []
        raise StudentFailure(f"finetune gives {describe(value)}" + (f" without {missing[0]!r}" if missing else ""))
    return value


def numbers(losses):
    """The losses of the report, as far as they are numbers in a list."""
    found = losses if type(losses) is list else []
    return [float(loss) for loss in found if isinstance(loss, int | float | np.generic)]


def require_loss(report, key, right, others, mistake):
    """One loss of the report; where it is that of something else that is known, say so."""
    told = report[key]
    if isinstance(told, int | float | np.generic | np.ndarray) and np.shape(told) == ():
        if abs(float(told) - right) <= TOLERANCE:
            return
        for code, what, value in others:
            if abs(float(told) - value) <= TOLERANCE:
                raise mistake(code, f"{key} is {float(told):.4f}, which is the loss {what}", key=key)
        raise StudentFailure(f"{key} is {float(told):.6g}, and the loss is {right:.6g}")
    raise StudentFailure(f"{key} is {describe(told)}, expected a number")


@pytest.mark.points(4)
@pytest.mark.title("the report tells the truth about new and old")
@pytest.mark.task("A4.4")
@pytest.mark.where("finetune.finetune")
@pytest.mark.hint("Compute each of the four losses again with train.evaluate. Which strings, which moment, which ids?")
def test_report(student, tuning, mistake):
    new, old = tuning.new, tuning.replay[:24]
    model = tuning.start.build(student)
    report = report_of(student.fetch(tuning.tune(student, model, new, steps=2, lr=LR, replay=old)))
    before, after = tuning.start.weights, tuning.start.read(student, model)
    if all(np.array_equal(before[name], array) for name, array in after.items()):
        raise mistake("model-not-trained", "after two steps of finetune, the model that it was given is what it was")
    right = {
        f"{which}_{when}": tuning.mean_loss(weights, strings)
        for which, strings in (("new", new), ("old", old))
        for when, weights in (("before", before), ("after", after))
    }
    characters = {"of the new strings": new, "of all strings at hand": [*new, *old]}
    other_ids = [
        ("ids-of-the-new-strings", f"where only characters {what} have ids", tuning.loss_with_ids_of(before, new, of))
        for what, of in characters.items()
    ]
    require_loss(report, "new_before", right["new_before"], other_ids, mistake)
    for key, other, when in (("old_before", "new_before", "before"), ("old_after", "new_after", "after")):
        not_asked = ("old-not-measured", f"on the new strings {when} training", right[other])
        too_early = ("measured-at-another-moment", "before training", right["old_before"])
        require_loss(report, key, right[key], [not_asked, too_early], mistake)
    too_early = ("measured-at-another-moment", "before training", right["new_before"])
    last = [("measured-at-another-moment", "of the last step, before it", loss) for loss in numbers(report["losses"])]
    require_loss(report, "new_after", right["new_after"], [too_early, *last], mistake)
    if len(numbers(report["losses"])) != 2:
        message = f"losses is {describe(report['losses'])}, expected a list of 2: one for each step"
        raise mistake("losses-not-one-per-step", message)
    alone = report_of(student.fetch(tuning.tune(student, tuning.start.build(student), new, steps=1, lr=LR)))
    if alone["old_before"] is not None or alone["old_after"] is not None:
        raise StudentFailure("without replay, old_before and old_after must be None")


@pytest.mark.points(2)
@pytest.mark.title("as many steps as asked for, none longer than lr")
@pytest.mark.task("A4.4")
@pytest.mark.where("finetune.finetune")
@pytest.mark.needs("test_report")
@pytest.mark.hint("By how much can one step of AdamW move a weight? And your whole fine-tuning, with steps=1?")
@pytest.mark.parametrize("steps", [0, 1, 4])
def test_steps(student, tuning, mistake, steps):
    lr = 1e-3
    model = tuning.start.build(student)
    tuning.tune(student, model, tuning.new, steps=max(steps, 1), lr=lr)
    if not tuning.largest_move(student, model):
        raise StudentFailure("finetune does not move the model that it was given")
    model = tuning.start.build(student)
    tuning.tune(student, model, tuning.new, steps=steps, lr=lr)
    moved = tuning.largest_move(student, model)
    # AdamW's first steps move by the rate at most; later ones by a little more where gradients agree.
    if not moved <= 1.3 * lr * steps:
        message = f"with steps={steps} and lr={lr:g} a weight has moved by {moved:.3g}, more than {steps} steps can"
        raise mistake("steps-not-as-asked", message, steps=steps, moved=moved)


@pytest.mark.points(2)
@pytest.mark.title("frozen parameters stay, the others learn")
@pytest.mark.task("A4.4")
@pytest.mark.where("finetune.finetune")
@pytest.mark.needs("test_frozen", "test_report")
@pytest.mark.hint("Who reads the argument `freeze`, and before or after the optimiser's first step?")
def test_freeze_argument(student, tuning, mistake):
    model = tuning.start.build(student)
    tuning.tune(student, model, tuning.new, steps=3, lr=LR, freeze=["*_emb.weight", "blocks.0.*"])
    after = tuning.start.read(student, model)
    for name, before in tuning.start.weights.items():
        frozen = name.startswith("blocks.0.") or "_emb." in name
        if frozen and not np.array_equal(after[name], before):
            raise mistake("frozen-moves", f"{name} was to be frozen, and has moved", name=name)
        if name.endswith("weight") and not frozen and np.array_equal(after[name], before):
            raise mistake("frozen-too-much", f"{name} was not to be frozen, and has not moved", names=[name])


@pytest.mark.points(9)
@pytest.mark.title("twelve new strings are learned")
@pytest.mark.task("A4.4")
@pytest.mark.where("finetune.finetune")
@pytest.mark.needs("test_report")
@pytest.mark.slow
@pytest.mark.hint("Print the loss of each step on the new strings alone. Where does it stop falling?")
def test_new_strings(tuned, partial_credit, diagnosis):
    own = "" if tuned.share == 1.0 else "; judged by your own forward, at half credit"
    message = f"{tuned.learned} of {len(tuned.new)} learned after {tuned.steps} steps{own}"
    share = min(1.0, tuned.credit / LEARNED)
    seen = diagnosis("new-not-learned", credit=round(tuned.credit, 3)) if share < FEW else None
    partial_credit(share * tuned.share, message, seen)


@pytest.mark.points(8)
@pytest.mark.title("and the old ones are not forgotten")
@pytest.mark.task("A4.4")
@pytest.mark.where("finetune.finetune")
@pytest.mark.needs("test_report")
@pytest.mark.slow
@pytest.mark.hint("What does a step see of the old strings? How does it find them, and how many are they?")
def test_old_strings(tuned, partial_credit, diagnosis):
    rise = tuned.old_after - tuned.old_before
    kept = np.clip((FORGOTTEN - rise) / (FORGOTTEN - KEPT), 0.0, 1.0) if np.isfinite(rise) else 0.0
    # A model that has learned nothing has forgotten nothing.
    credit = float(kept) * min(1.0, tuned.credit / LEARNED) * tuned.share
    message = f"loss on old strings {tuned.old_before:.2f} -> {tuned.old_after:.2f}"
    seen = diagnosis("old-forgotten", rise=round(float(rise), 3)) if kept < FEW and tuned.credit > 0 else None
    partial_credit(credit, message, seen)
