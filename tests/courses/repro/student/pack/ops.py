def early():
    return 1.0
