"""Does an assignment judge well? Wrong solutions that it must catch, right ones that it must leave alone.

An author writes down mistakes as small patches of the solution, and right solutions in other styles. All of them go
through the real grading, as do functions that return nonsense; what the checks made of them is one table.
"""
