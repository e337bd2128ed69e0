from __future__ import annotations

CURVE = [(1, 3.4), (40, 2.0), (60, 1.5), (100, 0.9), (480, 0.2), (1000, 0.06)]


def test_loss_is_the_last_recorded_up_to_the_step(course):
    assert course.progression.progression(CURVE) == {
        50: 2.0,
        100: 0.9,
        500: 0.2,
        1_000: 0.06,
        3_000: None,
        10_000: None,
        30_000: None,
        100_000: None,
    }


def test_nothing_recorded_is_none(course):
    assert course.progression.loss_at([], 50) is None
    assert course.progression.loss_at([(60, 1.0), (100, 0.5)], 50) is None
