"""Attacks on the grader, as data, and what runs them: each is a correct package with a hostile edit.

`corpus/` holds them, one file each; `attack` reads one, `plant` writes the submission, `scene` is what an attack must
not touch, and `runner` grades it as any submission is graded and says whether everything held.
"""
