"""The untouched template: no points, no failure in tone, and the task to do next."""


def test_every_check_is_not_implemented(check, repository):
    run = check(repository / "student_template")
    assert run.exit_code == 1, run.text
    assert run.report["score"] == 0
    assert run.statuses() == {"not_implemented"}
    assert all(c["message"].startswith("A") for c in run.report["checks"]), "each names its task"
    assert "FAILED" not in run.text
    assert "next" in run.text
    assert "Traceback" not in run.text


def test_ci_file_is_no_red_cross(check, repository):
    assert check(repository / "student_template", "--fail-under", "0").exit_code == 0


def test_one_task_done_is_seen(check, variant, repository, tmp_path):
    import shutil

    folder = tmp_path / "student"
    shutil.copytree(repository / "student_template", folder)
    path = folder / "tinytorch" / "transformer.py"
    stub = next(line for line in path.read_text().splitlines() if "A3.1" in line and "raise" in line)
    done = "    t_k = t_q if t_k is None else t_k\n    return np.tril(np.ones((t_q, t_k), dtype=bool), t_k - t_q)"
    path.write_text(path.read_text().replace(stub, done))
    run = check(folder)
    assert run.check("test_causal_mask")["status"] == "passed"
    assert run.report["score"] == 5
