# tinytorch
