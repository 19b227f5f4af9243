"""Labelled tables as JSON lines: one table a line, each column with its cells and what they are.

    python tests/classification/generate.py --seed tuning > tables.jsonl

The same seed gives the same bytes. Rules are tuned on the seed `tuning` only; `unlooked` is scored and never opened.
"""

import argparse
import json
import random
import sys
import warnings
from pathlib import Path

import faker
import negatives
import yaml
from checked import seeded
from kinds import KINDS

warnings.filterwarnings("ignore")

LOCALES = """en_US en_GB en_AU en_CA en_IN de_DE de_AT de_CH fr_FR fr_CA es_ES es_MX it_IT pt_BR pt_PT nl_NL pl_PL sv_SE no_NO
da_DK fi_FI cs_CZ sk_SK hu_HU ro_RO bg_BG hr_HR el_GR tr_TR ru_RU uk_UA ja_JP zh_CN zh_TW ko_KR th_TH vi_VN id_ID ar_SA
fa_IR he_IL hi_IN et_EE lt_LT lv_LV""".split()

# Not seen by the model of letters when it is trained: what it says of them is what it says of strangers.
HELD_OUT = frozenset({"sk_SK", "hr_HR", "da_DK", "uk_UA", "zh_TW", "id_ID", "es_MX", "de_AT"})

BLIND = ("col_{}", "field_{}", "c{}", "attr{}", "x{}", "value_{}", "var{}", "f{}", "data{}", "unnamed_{}")
NULLS = ("", "NULL", "N/A", "nan")
LEADS = ("src_", "raw_", "stg_", "t_", "the_")
WHOSE = ("customer", "patient", "employee", "applicant", "user", "primary", "billing")


class Sources:
    """A Faker for each locale, made when first asked."""

    def __init__(self, seed):
        self.seed, self.made = seed, {}

    def of(self, locale):
        if locale not in self.made:
            maker = faker.Faker(locale)
            maker.seed_instance(f"{self.seed} {locale}")
            self.made[locale] = maker
        return self.made[locale]


def styled(rng, name):
    """The header as somebody else would write it."""
    if not name.isascii():
        return name
    words = [word for word in name.replace(" ", "_").split("_") if word]
    style = rng.choice(["snake", "snake", "snake", "camel", "pascal", "kebab", "upper", "spaces", "dotted", "lead"])
    match style:
        case "camel":
            return words[0].lower() + "".join(word.capitalize() for word in words[1:])
        case "pascal":
            return "".join(word.capitalize() for word in words)
        case "kebab":
            return "-".join(words)
        case "upper":
            return "_".join(words).upper()
        case "spaces":
            return " ".join(word.capitalize() for word in words)
        case "dotted":
            return rng.choice(["data.", "payload.", "record."]) + "_".join(words)
        case "lead":
            return rng.choice(LEADS) + "_".join(words)
    return "_".join(words)


def cells(rng, make, faker, count):
    """Cells of a column with some nulls, some of them twice, rarely one of something else."""
    cell = make(rng, faker)
    nulls = rng.choice([0, 0, 0, 0.05, 0.3])
    null = rng.choice(NULLS)
    noise = rng.choice([0, 0, 0, 0, 0.02])
    out = []
    for _ in range(count):
        chance = rng.random()
        if chance < nulls:
            out.append(null)
        elif chance < nulls + noise:
            out.append(rng.choice(["unknown", "see notes", "0", "test", "-1"]))
        elif out and rng.random() < 0.05:
            out.append(rng.choice(out))
        else:
            try:
                out.append(" ".join(str(cell()).split()))
            except (AttributeError, IndexError, KeyError):
                return None
    return out


def positives(seed, sources):
    for kind in KINDS:
        for style in ("telling", "short", "foreign", "blind"):
            names = getattr(kind, style, ()) if style != "blind" else BLIND
            if not names:
                continue
            times = {"telling": 2, "short": 1, "foreign": 2, "blind": 2 if kind.by else 1}[style]
            if kind.local and style == "blind":
                times = len(LOCALES)
            for at in range(times):
                rng = seeded(seed, kind.id, style, at)
                locale = LOCALES[at] if kind.local and style == "blind" else rng.choice(LOCALES)
                name = rng.choice(names).format(rng.randint(1, 60))
                if style != "blind":
                    name = styled(rng, name)
                count = rng.choice([60, 120, 120, 200, 400])
                try:
                    made = cells(rng, kind.make, sources.of(locale), count)
                except AttributeError:
                    continue
                if made:
                    # A secret of no kind and a birth date are what nobody can know without a header.
                    truth = kind.cls if style != "blind" or kind.by else "?"
                    yield {"name": name, "cells": made, "class": truth, "kind": kind.id, "header": style, "by": kind.by, "locale": locale}


def negative(seed, sources):
    for id, make, headers in negatives.FAMILIES:
        for at, header in enumerate(headers):
            rng = seeded(seed, "negative", id, at)
            made = cells(rng, make, sources.of(rng.choice(LOCALES[:20])), rng.choice([60, 120, 200, 400]))
            if made:
                yield {"name": styled(rng, header), "cells": made, "class": "none", "kind": id, "header": "own", "by": None, "locale": ""}
        rng = seeded(seed, "negative", id, "blind")
        made = cells(rng, make, sources.of("en_US"), 200)
        if made:
            yield {"name": rng.choice(BLIND).format(rng.randint(1, 60)), "cells": made, "class": "none", "kind": id, "header": "blind", "by": None, "locale": ""}
    for trap in negatives.TRAPS:
        rng = seeded(seed, "trap", trap)
        for id, make in rng.sample(negatives.TRAP_CELLS, 2):
            made = cells(rng, make, None, 120)
            yield {"name": styled(rng, trap), "cells": made, "class": "none", "kind": f"trap_{id}", "header": "trap", "by": None, "locale": ""}


def of_vocabularies(seed, sources):
    """Tables under the headers of `vocabularies.yaml`: one a vocabulary, its people beside its things."""
    kinds = {kind.id: kind for kind in KINDS}
    families = {id: make for id, make, _ in negatives.FAMILIES}
    for vocabulary in yaml.safe_load(Path(__file__).with_name("vocabularies.yaml").read_text(encoding="utf-8")):
        table = []
        wanted = [(kinds[id].make, kinds[id].cls, id, names) for id, names in vocabulary.get("people", {}).items()]
        wanted += [(families[id], "none", id, names) for id, names in vocabulary.get("things", {}).items()]
        for make, truth, id, names in wanted:
            for name in names:
                rng = seeded(seed, "vocabulary", vocabulary["source"], id, name)
                locale = vocabulary.get("locale") or rng.choice(LOCALES)
                made = cells(rng, make, sources.of(locale), rng.choice([60, 120, 200]))
                if made:
                    table.append({"name": name, "cells": made, "class": truth, "kind": id, "header": "vocabulary", "by": None, "locale": locale})
        yield {"columns": table}


def tables(seed):
    """Columns dealt into tables of six to twelve: mostly of people or of things, some of both."""
    sources = Sources(seed)
    rng = seeded(seed, "tables")
    people, things = list(positives(seed, sources)), list(negative(seed, sources))
    rng.shuffle(people)
    rng.shuffle(things)
    # A third of the harmless columns stands beside personal ones.
    mixed = people + things[: len(things) // 3]
    rng.shuffle(mixed)
    for deck in (mixed, things[len(things) // 3 :]):
        while deck:
            size = rng.randint(6, 12)
            table, deck = deck[:size], deck[size:]
            yield {"columns": table}
    yield from of_vocabularies(seed, sources)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", default="tuning")
    seed = parser.parse_args().seed
    random.seed(seed)
    for table in tables(seed):
        sys.stdout.write(json.dumps(table, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
