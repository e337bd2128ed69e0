"""One grading: who asks for it (`run`), the process that does it (`session`), and how many are done cheaply."""
