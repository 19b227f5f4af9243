"""Pseudonyms and clean texts."""
import hashlib
import hmac
import os

KEY = os.environ["PSEUDONYM_KEY"].encode()


def pseudonym(value: str) -> str:
    return hmac.new(KEY, value.encode(), hashlib.sha256).hexdigest()


def without_contacts(df):
    """The frame without direct identifiers."""
    return df.drop(columns=["email", "phone"])
