"""`tinygrade grade --executor dask` on real workers; `python -m benchmarks.dask_kills` kills them ten times."""

from __future__ import annotations

import dask_kills


def test_a_worker_is_killed(tmp_path, left_behind):
    found = dask_kills.trial(tmp_path, size=8, kills=1, seed=1, longest=1.0)
    assert found.ok, found
    assert found.hit_at_work, "the kill came after the end"
    assert not left_behind()
