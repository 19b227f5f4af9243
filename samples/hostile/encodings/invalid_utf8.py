"""Loader."""

NAME = "café ÿþ À¯ í €"
