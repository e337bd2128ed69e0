"""Reporters: a report in, text out. Each is one file and one line in `builtin`."""
