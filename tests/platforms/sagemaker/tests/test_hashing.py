from common.hashing import Hasher


def test_the_salt_counts():
    assert Hasher("a").digest(1) != Hasher("b").digest(1)
