from lib.privacy import pseudonym


def test_a_pseudonym_is_stable():
    assert pseudonym("a") == pseudonym("a")
