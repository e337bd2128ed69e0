"""Group 5: the student's own gradient checker, on functions and rules that stay here and are called back."""

import numpy as np
import pytest

from tinygrade import Diagnosis, StudentFailure
from tinygrade.checks.compare import compare

pytestmark = pytest.mark.task("A1.5")
#: The error of central differences with h = 1e-5 is below 1e-9 here, that of one-sided ones about 1e-5.
CLOSE = 1e-7


@pytest.mark.points(4)
@pytest.mark.title("numerical_vjp")
@pytest.mark.where("gradcheck.numerical_vjp")
@pytest.mark.hint("Which number do you watch while one entry moves, and who decides how much each output counts in it?")
@pytest.mark.parametrize("numbers", ["floats", "whole numbers"])
def test_numerical_vjp(student, parity, mistake, right_rules, rng, numbers):
    for name in ("a * b",) if numbers == "whole numbers" else ("softmax", "row * b", "mean"):
        rule = right_rules[name]
        inputs = [np.array([1, 2, 3]), np.array([4, -5, 6])] if numbers == "whole numbers" else rule.draw(rng)
        cotangent = np.asarray(rng.standard_normal(rule.output_shape))
        kept = [student.keep(x) for x in (cotangent, *inputs)]
        f = student.callbacks((rule.f, rule.shapes))[0]
        got = student.fetch(student.gradcheck.numerical_vjp(f, kept[1:], kept[0]))
        what = f"numerical_vjp of {name} at {numbers}"
        try:
            after = f"{what}: cotangent and inputs after the call"
            compare(student.fetch(kept), [cotangent, *inputs], after, rtol=0, atol=0)
        except StudentFailure as failure:
            raise mistake("numerical-not-restored", failure.message) from None
        parity.data(got, list(rule.vjp(cotangent, *inputs)), f"{what}: gradient", rtol=CLOSE, atol=CLOSE)


@pytest.mark.points(8)
@pytest.mark.title("check_op tells right rules from wrong ones")
@pytest.mark.where("gradcheck.check_op")
@pytest.mark.needs("test_numerical_vjp")
@pytest.mark.hint("Which mistakes would your comparison not notice? What else may go wrong before you compare numbers?")
def test_check_op(student, shuffled_rules, rng, partial_credit):
    rules = shuffled_rules
    functions = [(rule.f, rule.shapes) for rule in rules]
    backwards = [(rule.vjp, [rule.output_shape, *rule.shapes]) for rule in rules]
    inputs = [rule.draw(rng) for rule in rules]
    generator = student.generator(int(rng.integers(1 << 62)))
    check = student.gradcheck.check_op
    verdicts = student.loop("verdicts", check, student.callbacks(*functions, *backwards), inputs, generator)
    if type(verdicts) is not list or len(verdicts) != len(rules):
        raise StudentFailure("what came back was not an answer")
    credit, message, code = judged(rules, verdicts)
    partial_credit(credit, message, Diagnosis(code, {}) if code else None)


def judged(rules, verdicts):
    """Credit, 0 for answers that do not depend on the rule, what to tell, and what it is called.

    The credit is the share of wrong rules refused plus the share of right rules accepted, minus one.
    """
    wrong = [(rule, said) for rule, said in zip(rules, verdicts, strict=True) if rule.wrong]
    right = [(rule, said) for rule, said in zip(rules, verdicts, strict=True) if not rule.wrong]
    missed = [f"whose gradient {rule.wrong}{instead(said)}" for rule, said in wrong if said is not False]
    blamed = [instead(said) for _, said in right if said is not True]
    credit = (1 - len(missed) / len(wrong)) + (1 - len(blamed) / len(right)) - 1
    if not missed and not blamed:
        return 1.0, f"{len(wrong)} wrong rules refused, {len(right)} right ones accepted", ""
    told = [f"{len(missed)} of {len(wrong)} wrong rules were not refused: one {missed[0]}"] if missed else []
    told += [f"{len(blamed)} of {len(right)} right rules were not accepted{max(blamed)}"] if blamed else []
    # Where both happen, neither name says what is wrong.
    code = "" if missed and blamed else "checker-too-generous" if missed else "checker-too-strict"
    return credit, "; ".join(told), code


def instead(said):
    return "" if said is True or said is False else f" ({said if type(said) is str else 'no answer'})"
