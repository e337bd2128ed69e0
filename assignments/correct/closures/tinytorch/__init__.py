"""tinytorch, the micrograd way: every op hangs a closure on its result."""
