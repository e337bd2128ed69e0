"""A reference that was asked beforehand: for students, who have no solution on disk.

A record answers questions. `questions` gives each question a name by its content, `recorder` writes down what the
live reference answers, `rehearsal` asks it what a failure would ask, `file` is the format, and `library` answers.
"""

from tinygrade.checks.recorded.library import RecordedLibrary
from tinygrade.checks.recorded.recorder import RecordingLibrary
from tinygrade.checks.reference import ReferenceLibrary

Reference = ReferenceLibrary | RecordingLibrary | RecordedLibrary
#: What recorded runs draw their inputs for: the same numbers for every submission, so that they can be recorded.
DRAWN_FOR = "recorded"
