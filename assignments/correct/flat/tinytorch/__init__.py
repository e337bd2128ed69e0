"""My tinytorch. Few nodes, few buffers, few surprises."""
