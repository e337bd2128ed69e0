"""The plug is pulled at random moments, on both databases; `python -m benchmarks.kill_grade` does it fifty times."""

from __future__ import annotations

import kill_grade


def test_killed_at_random_moments(tmp_path, url, left_behind):
    found = kill_grade.trial(tmp_path, url, size=8, kills=3, seed=1, longest=2.5)
    assert found.ok, found
    assert found.hit_at_work, "no kill came while it was at work"
    assert not left_behind()
