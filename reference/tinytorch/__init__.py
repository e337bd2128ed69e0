"""tinytorch: a small deep-learning framework in readable numpy, built assignment by assignment.

Nothing is imported here, so that a mistake in one file never stops the others from loading. Import what you
need from its own module: `from tinytorch.tensor import Tensor`.

Reading order: hello (A0) - tape, ops, tensor, gradcheck (A1) - functional, init, nn, optim, data (A2) -
transformer, train (A3) - checkpoint, finetune (A4) - experiments (A5) - generate, fast (A6).
"""
