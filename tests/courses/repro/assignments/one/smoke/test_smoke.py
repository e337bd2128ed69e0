def test_smoke(parity):
    parity(lambda lib: lib.ops.early(), "early()")
