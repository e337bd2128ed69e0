"""The plugin itself: its hooks. It is imported at every start of tinygrade, so the rest is imported when it is used."""

from tinygrade import hookimpl


@hookimpl
def tinygrade_register_reporters(register):
    from tinygrade_example.oneline import OneLine

    register("oneline", OneLine)


@hookimpl
def tinygrade_adjust_score(report, context):
    from tinygrade_example.late import adjustment

    return adjustment(report, context)


@hookimpl
def tinygrade_load_submission(source, assignment, into):
    from tinygrade_example.single_file import load

    return load(source, assignment, into)
