"""What was graded, for whom, and what of it is published: a database that only the command of the instructor writes."""
