"""Name the mistake behind a wrong number: from what was observed to a stable code with evidence.

Pure functions on plain data: nothing here runs student code, knows an assignment, or decides about points. A wrong
accusation is worse than none, so that "no pattern recognised" (None) is a good answer. What plugins use is in
`observations` and `catalogue`; nothing is imported here, because this package's plugin is loaded at every start.
"""
