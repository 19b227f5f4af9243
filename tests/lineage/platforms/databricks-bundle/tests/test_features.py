def test_bands():
    assert 1 + 1 == 2
