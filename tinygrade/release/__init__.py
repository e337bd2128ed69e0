"""Bundles of a course: for students, who get no solution, and for what grades them.

`student` and `autograder` say what lies in a bundle, `leaks` and `proof` show that it holds and does what it should,
`placing` puts it where it was asked for, whole or not at all. `unattended` runs inside an autograder's bundle.
"""
