"""A loader for assignments of one file: the student hands in that file, and the template gives the rest."""

import os

from tinygrade import SubmissionError
from tinygrade.loaders import rules
from tinygrade.loaders.directory import files_below


def load(source, assignment, into):
    """None for what is not one .py file: other loaders are asked then."""
    if not source.endswith(".py") or not os.path.isfile(source):
        return None
    name = os.path.basename(source)
    if name not in assignment.files:
        raise SubmissionError(f"{source}: {assignment.id} asks for {', '.join(assignment.files)}")
    package = assignment.course.package
    template = assignment.course.template / package
    contents = files_below(template, package) if template.is_dir() else {}
    with open(source, "rb") as stream:
        contents[f"{package}/{name}"] = stream.read(rules.MAX_FILE_BYTES + 1)
    copy = rules.Copy(package)  # holds the rules that every submission must keep, and writes the files
    for path, content in sorted(contents.items()):
        if copy.reaches(path):
            copy.expect(path)
            copy.add(path, content)
    return copy.finish(source, source, into)
