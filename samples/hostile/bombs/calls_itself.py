import pandas as pd


def load(frame):
    return save(frame.rename(columns={'email': 'mail'}))


def save(frame):
    return load(frame)


save(pd.read_csv('rows.csv'))
