"""tinygrade: grade courses in which students write their own tiny deep-learning framework.

The public names, for plugins and for courses. Importing this package imports neither numpy nor pytest.
"""

from tinygrade.errors import (
    CourseError,
    GraderError,
    RefusedError,
    SubmissionError,
    TinygradeError,
    UsageError,
    UserError,
)
from tinygrade.failures import StudentFailure
from tinygrade.hookspecs import hookimpl, hookspec
from tinygrade.model import Adjustment, Assignment, CheckResult, Course, Diagnosis, Report, Submission

__version__ = "0.1.0"

__all__ = [
    "Adjustment",
    "Assignment",
    "CheckResult",
    "Course",
    "CourseError",
    "Diagnosis",
    "GraderError",
    "RefusedError",
    "Report",
    "StudentFailure",
    "Submission",
    "SubmissionError",
    "TinygradeError",
    "UsageError",
    "UserError",
    "__version__",
    "hookimpl",
    "hookspec",
]
