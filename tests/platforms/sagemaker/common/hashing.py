import hashlib


class Hasher:
    """Salted digests of identifiers."""

    def __init__(self, salt):
        self.salt = salt

    def digest(self, value):
        return hashlib.sha256((self.salt + str(value)).encode()).hexdigest()

    def __call__(self, series):
        return series.map(self.digest)
