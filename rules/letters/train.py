"""Trains the model of letters: whether a text reads like a name, an address, a place, a job, an organisation or none.

    pip install -r rules/letters/requirements.txt
    python rules/letters/train.py > rules/letters/weights.bin

A linear model over hashed letter n-grams, its weights rounded to eight bits (`rules/src/column/letters.rs` applies it).
It is trained on Faker's words (MIT) for the locales below and on the word lists of this project; eight locales that the
benchmark has are left out, so that the benchmark can say what the model does with strangers. Same versions, same bytes.
"""

import random
import sys
from pathlib import Path

import faker
import numpy
from scipy.sparse import csr_matrix
from sklearn.linear_model import SGDClassifier

# In the order of `Reads` in rules/src/column/letters.rs.
CLASSES = ["other", "person", "given", "family", "address", "city", "job", "organisation"]
BUCKETS = 1 << 16
LONGEST = 64
LOCALES = """en_US en_GB en_AU en_CA en_IN de_DE de_CH fr_FR fr_CA fr_CH es_ES es_AR es_CO it_IT pt_BR pt_PT nl_NL nl_BE pl_PL sv_SE
no_NO fi_FI cs_CZ hu_HU ro_RO bg_BG el_GR tr_TR ru_RU ja_JP zh_CN ko_KR th_TH vi_VN ar_SA fa_IR he_IL hi_IN et_EE lt_LT
lv_LV sl_SI""".split()
EACH = 260
LISTS = Path(__file__).resolve().parents[1] / "dictionaries"


def bucket(text, known={}):
    """FNV-1a of 32 bits, folded to the buckets."""
    if text not in known:
        value = 0x811C9DC5
        for byte in text.encode():
            value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
        known[text] = (value ^ value >> 16) % BUCKETS
    return known[text]


def features(text):
    """The buckets of a text: n-grams of one to four letters, and how it is written."""
    words = text.split()
    plain = " ".join(words)[:LONGEST]
    letters = [c for c in plain if c.isalpha()]
    found = [f"\x01w{min(len(words), 9)}", "\x01"]
    if any(c in "0123456789" for c in plain):
        found.append("\x01d" + ("0" if plain[0] in "0123456789" else "1"))
    if "," in plain:
        found.append("\x01,")
    if letters and all(word[0] == word[0].upper() for word in words):
        found.append("\x01T")
    if letters and plain == plain.upper():
        found.append("\x01U")
    if letters and plain == plain.lower():
        found.append("\x01l")
    written = "^" + "".join("0" if c in "0123456789" else c.lower() for c in plain) + "$"
    for size in (1, 2, 3, 4):
        found.extend(written[at : at + size] for at in range(len(written) - size + 1))
    return sorted({bucket(gram) for gram in found})


def cased(rng, text):
    return rng.choice([str, str, str, str.upper, str.lower])(text)


def lines(name):
    return [line for line in (LISTS / f"{name}.txt").read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]


def samples():
    """(class, text) of every locale, then of the lists."""
    for locale in LOCALES:
        maker = faker.Faker(locale)
        maker.seed_instance(f"letters {locale}")
        rng = random.Random(f"letters {locale}")
        word = lambda: maker.word()  # noqa: E731
        makers = [
            ("person", lambda: maker.name(), 1),
            ("person", lambda: f"{maker.first_name()} {maker.last_name()}", 1),
            ("person", lambda: f"{maker.last_name()}, {maker.first_name()}", 0.5),
            ("given", lambda: maker.first_name(), 1.3),
            ("family", lambda: maker.last_name(), 1.6),
            ("address", lambda: maker.street_address(), 1.2),
            ("address", lambda: maker.address().replace("\n", rng.choice([", ", " "])), 0.8),
            ("city", lambda: maker.city(), 1.6),
            ("job", lambda: maker.job(), 1),
            ("organisation", lambda: maker.company(), 1),
            ("other", word, 1),
            ("other", lambda: f"{word()} {word()}", 0.7),
            ("other", lambda: f"{word().capitalize()} {word().capitalize()}", 0.5),
            ("other", lambda: f"{word().capitalize()} {word().capitalize()} {rng.randint(1, 999)}", 0.5),
            ("other", lambda: f"{word()}_{word()}", 0.4),
            ("other", lambda: maker.sentence(nb_words=rng.randint(3, 10)), 1),
            ("other", lambda: maker.color_name(), 0.2),
            ("other", lambda: maker.currency_name(), 0.1),
            ("other", lambda: maker.country(), 0.3),
            ("other", lambda: maker.bs(), 0.3),
            ("other", lambda: maker.catch_phrase(), 0.5),
            ("other", lambda: maker.file_name(), 0.2),
            ("other", lambda: maker.month_name(), 0.1),
            ("other", lambda: maker.day_of_week(), 0.1),
            ("other", lambda: maker.bothify("??-###?##"), 0.2),
        ]
        for name, make, share in makers:
            try:
                texts = {str(make()) for _ in range(int(EACH * share))}
            except (AttributeError, IndexError, KeyError):
                continue
            for text in sorted(texts):
                yield name, cased(rng, text)
    rng = random.Random("letters lists")
    for name, label, times in [
        ("given_names", "given", 2),
        ("surnames", "family", 2),
        ("cities", "city", 3),
        ("occupations", "job", 2),
        ("diseases", "other", 4),
        ("medications", "other", 4),
        ("ethnicities", "other", 2),
        ("nationalities", "other", 2),
        ("religions", "other", 2),
        ("marital_statuses", "other", 2),
    ]:
        for text in lines(name) * times:
            yield label, rng.choice([str, str.title, str.title, str.upper])(text)
    given, family = lines("given_names"), lines("surnames")
    for _ in range(4000):
        yield "person", cased(rng, f"{rng.choice(given)} {rng.choice(family)}".title())
    things = [line.split() for line in (Path(__file__).with_name("things.txt")).read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    heads, tails = [words[0] for words in things], [words[-1] for words in things]
    # What is no text at all, and what machines write.
    number = lambda most: rng.randint(0, most)  # noqa: E731
    for _ in range(6000):
        yield "other", rng.choice([
            f"{number(12)}/{number(40)}",
            f"{number(23):02}:{number(59):02}",
            ".".join(str(number(255)) for _ in range(4)),
            f"[{number(640)}, {number(480)}, {number(640)}]",
            f"{rng.choice('ABCDEFGHKLM')}{rng.choice('ABCDEFGHKLM')}{number(30)} {number(9)}{rng.choice('ABDEFG')}{rng.choice('HJLNP')}",
            f"{number(99)}-{number(9999999)}",
            f"{number(999)} {number(9999)} {number(99)}",
            f"+{number(99)} ({number(999)}) {number(9999999)}",
            f"level={rng.choice(['info', 'warning', 'error', 'debug'])} took {number(999)} ms",
            f"{rng.choice(['FATAL', 'DEBUG', 'TRACE', 'NOTICE'])} [thread-{number(9)}] {rng.choice(['connection closed', 'job started', 'queue full', 'saved'])} after {number(999)} s",
            f'{{"k": {number(9)}, "v": "{rng.choice(heads)}"}}',
            f"Browser/{number(9)}.0 (System; x{number(99)}) Engine/{number(999)}.{number(99)} Name/{number(99)}",
            f"{rng.choice(heads)} {number(9)} of {number(9)} {rng.choice(tails)}",
            f"{number(500)} {rng.choice(['kg', 'ml', 'pcs', 'mm', 'boxes', 'units', 'GB'])} {rng.choice(tails)}",
        ])
    # What columns of things hold: words of trade and nature.
    for _ in range(9000):
        text = rng.choice([
            f"{rng.choice(heads)} {rng.choice(tails)}",
            f"{rng.choice(heads)} {rng.choice(tails)} {rng.choice(tails)}",
            rng.choice(tails),
            f"{rng.choice(heads)} {rng.choice(tails)} {rng.randint(1, 900)}",
        ])
        yield "other", rng.choice([str, str.title, str.title, str.capitalize, str.upper])(text)


def main():
    rows = [(CLASSES.index(name), features(text)) for name, text in samples()]
    random.Random("letters order").shuffle(rows)
    columns = numpy.concatenate([row for _, row in rows])
    ends = numpy.cumsum([0] + [len(row) for _, row in rows])
    weights = numpy.concatenate([numpy.full(len(row), 1 / len(row) ** 0.5) for _, row in rows])
    labels = numpy.array([label for label, _ in rows])
    matrix = csr_matrix((weights, columns, ends), shape=(len(rows), BUCKETS))
    model = SGDClassifier(
        loss="log_loss", alpha=2e-7, average=True, fit_intercept=False, max_iter=15, tol=None, random_state=7, class_weight="balanced"
    )
    model.fit(matrix, labels)
    scale = 127 / numpy.quantile(numpy.abs(model.coef_), 0.9999)
    rounded = numpy.clip(numpy.rint(model.coef_.T * scale), -127, 127).astype(numpy.int8)
    told = numpy.argmax(matrix @ rounded, axis=1)
    print(f"{len(rows)} texts, {100 * numpy.mean(told == labels):.1f} % told as trained", file=sys.stderr)
    sys.stdout.buffer.write(rounded.tobytes())


if __name__ == "__main__":
    main()
