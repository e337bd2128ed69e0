def test_smoke(parity):
    parity(lambda lib: lib.first.doubled(3.0), "doubled(3.0)")
