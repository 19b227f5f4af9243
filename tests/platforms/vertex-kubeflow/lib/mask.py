import re


def last_four(number):
    return number[-4:]


def tidy(text):
    return re.sub(r"\s+", " ", text)
