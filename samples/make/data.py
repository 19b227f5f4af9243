"""Writes the synthetic datasets of the samples, the same bytes on every run.

    pip install pyarrow python-stdnum
    python samples/make/data.py            # from the repository's root

No value belongs to a person: names are drawn from short lists, telephone numbers from the ranges that
ComReg and Ofcom keep free for fiction, mail domains from RFC 2606, card numbers from issuers' test
ranges, and every number with a check digit gets a right one (python-stdnum).
"""

import csv
import datetime as dt
import json
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from stdnum import iban, luhn
from stdnum.ie import pps, vat

ROOT = Path(__file__).resolve().parent.parent

FIRST = (
    "Aoife Conor Niamh Liam Saoirse Patrick Ciara Sean Emma Jack Grace James Sophie Daniel Anna Michael "
    "Laura Thomas Sarah David Maria John Julia Peter Eva Martin Clara Paul Nora Adam"
).split()
LAST = (
    "Murphy Kelly Byrne Ryan Walsh Doyle Nolan Kavanagh Brennan Quinn Smith Jones Taylor Brown Wilson "
    "Fischer Weber Meyer Rossi Martin Bernard Garcia Jansen Novak Kowalski Nielsen Larsen Andersson Silva Costa"
).split()
STREETS = ["Main Street", "Church Road", "Station Road", "Park Avenue", "Mill Lane", "Castle Street", "Harbour View"]
TOWNS = [("Dublin", "D02"), ("Cork", "T12"), ("Galway", "H91"), ("Limerick", "V94"), ("Waterford", "X91"), ("Kilkenny", "R95")]
DIAGNOSES = [
    "I10", "E11.9", "I50.9", "J44.9", "N18.3", "I48.91", "J18.9", "K21.9", "M54.5", "F32.9",
    "I25.10", "E78.5", "C50.919", "G40.909", "A41.9", "S72.001A", "O80", "B20", "F20.9", "Z51.11",
]
PROCEDURES = ["0DTJ4ZZ", "02100Z9", "0SR9019", "5A1955Z", "30233N1", "B2111ZZ"]
LABS = [("4548-4", 5.9, 1.1, "%"), ("2345-7", 104.0, 28.0, "mg/dL"), ("2160-0", 1.0, 0.3, "mg/dL"),
        ("718-7", 13.6, 1.7, "g/dL"), ("2951-2", 140.0, 3.0, "mmol/L"), ("2823-3", 4.2, 0.4, "mmol/L")]
ETHNICITIES = ["White Irish", "White British", "Asian", "Black African", "Mixed", "Irish Traveller"]


def person(rng):
    first, last = rng.choice(FIRST), rng.choice(LAST)
    town, routing = rng.choice(TOWNS)
    return {
        "first_name": first,
        "last_name": last,
        "full_name": f"{first} {last}",
        "birth_date": (dt.date(1932, 1, 1) + dt.timedelta(days=rng.randrange(26_000))).isoformat(),
        "sex": rng.choice(["F", "M"]),
        "email": f"{first}.{last}{rng.randrange(10, 99)}@{rng.choice(['mail.example.org', 'post.example.net'])}".lower(),
        "phone": f"+353 20 91{rng.randrange(10)} {rng.randrange(10_000):04d}",
        "street_address": f"{rng.randrange(1, 190)} {rng.choice(STREETS)}",
        "postcode": f"{routing} {''.join(rng.choice('ACDEFHKNPRTVWXY0123456789') for _ in range(4))}",
        "city": town,
    }


def pps_number(rng):
    digits = f"{rng.randrange(1_000_000, 9_999_999)}"
    return pps.validate(digits + vat.calc_check_digit(digits))


def mrns(rng, count):
    return [f"C{number:07d}" for number in rng.sample(range(100_000, 9_999_999), count)]


def card(rng):
    prefix, length = rng.choice([("400000", 16), ("424242", 16), ("555555", 16), ("378282", 15)])
    digits = prefix + "".join(str(rng.randrange(10)) for _ in range(length - 1 - len(prefix)))
    return digits + luhn.calc_check_digit(digits)


def german_iban(rng):
    bban = f"{rng.randrange(10_000_000, 99_999_999)}{rng.randrange(10**10):010d}"
    return "DE" + iban.calc_check_digits("DE00" + bban) + bban


def moment(rng, start=dt.datetime(2024, 1, 1), days=700):
    return start + dt.timedelta(minutes=rng.randrange(days * 24 * 60))


def write_csv(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_jsonl(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def write_parquet(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path, compression="zstd")


def patients(rng, ids):
    for mrn in ids:
        who = person(rng)
        yield {
            "mrn": mrn,
            **{key: who[key] for key in (
                "first_name", "last_name", "birth_date", "sex", "email", "phone", "street_address", "postcode", "city")},
            "pps_number": pps_number(rng),
            "insurance_id": f"VHI{rng.randrange(10**8):08d}",
            "registered_at": moment(rng).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


def visits(rng, ids, count):
    for number in range(count):
        admitted = moment(rng)
        stay = rng.randrange(1, 15)
        yield {
            "entry_no": 500_000 + number,
            "mrn": rng.choice(ids),
            "started_at": admitted,
            "ended_at": admitted + dt.timedelta(days=stay),
            "ward": rng.choice(["cardiology", "surgery", "geriatrics", "oncology", "general"]),
            "diagnosis_code": rng.choice(DIAGNOSES),
            "procedure_code": rng.choice(PROCEDURES),
            "nights": stay,
            "readmitted_30d": rng.random() < 0.17,
        }


def labs(rng, ids, count):
    for _ in range(count):
        code, mean, spread, unit = rng.choice(LABS)
        yield {
            "mrn": rng.choice(ids),
            "loinc_code": code,
            "lab_value": round(rng.gauss(mean, spread), 2),
            "unit": unit,
            "taken_at": moment(rng),
        }


def clinic(folder, seed):
    rng = random.Random(seed)
    ids = mrns(rng, 300)
    write_csv(folder / "data/patients.csv", list(patients(rng, ids)))
    write_parquet(folder / "data/visits.parquet", list(visits(rng, ids, 450)))
    write_parquet(folder / "data/lab_results.parquet", list(labs(rng, ids, 500)))


def retail(folder):
    rng = random.Random(20_301)
    people = [person(rng) for _ in range(300)]
    keys = rng.sample(range(1_000_000, 9_999_999), len(people))
    write_csv(folder / "data/customers.csv", [{
        "customer_id": key,
        "full_name": who["full_name"],
        "email": who["email"],
        "phone": who["phone"],
        "postcode": who["postcode"],
        "city": who["city"],
        "marketing_opt_in": rng.choice(["true", "false"]),
        "created_at": moment(rng).strftime("%Y-%m-%dT%H:%M:%SZ"),
    } for key, who in zip(keys, people)])
    write_csv(folder / "data/payments.csv", [{
        "payment_id": 70_000_000 + number,
        "customer_id": rng.choice(keys),
        "card_number": card(rng),
        "iban": german_iban(rng),
        "amount": f"{rng.uniform(3, 420):.2f}",
        "currency": "EUR",
        "paid_at": moment(rng).strftime("%Y-%m-%dT%H:%M:%SZ"),
    } for number in range(400)])
    write_jsonl(folder / "data/events.jsonl", [{
        "event": rng.choice(["page_view", "add_to_cart", "checkout", "search"]),
        "occurred_at": moment(rng).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "email": rng.choice(people)["email"],
        "ip_address": f"{rng.choice(['192.0.2', '198.51.100', '203.0.113'])}.{rng.randrange(1, 255)}",
        "product": {"sku": f"SKU-{rng.randrange(10_000):05d}", "price": round(rng.uniform(2, 300), 2)},
    } for _ in range(400)])


def mlops(folder):
    rng = random.Random(20_401)
    people = [person(rng) for _ in range(250)]
    keys = rng.sample(range(1_000_000, 9_999_999), len(people))
    said = ["The parcel for {name} never arrived, please call {phone}.", "I was charged twice, my account mail is {mail}.",
            "How do I change the delivery day?", "Please close the account of {name}.", "The app stops after the last update."]
    tickets = []
    for number in range(300):
        who = rng.choice(people)
        tickets.append({
            "ticket_id": 90_000 + number,
            "customer_email": who["email"],
            "subject": rng.choice(["Delivery", "Billing", "Account", "App", "Other"]),
            "body": rng.choice(said).format(name=who["full_name"], phone=who["phone"], mail=who["email"]),
            "opened_at": moment(rng).strftime("%Y-%m-%dT%H:%M:%SZ"),
        })
    write_jsonl(folder / "data/tickets.jsonl", tickets)
    write_parquet(folder / "data/applicants.parquet", [{
        "customer_id": key,
        "full_name": who["full_name"],
        "email": who["email"],
        "birth_date": dt.date.fromisoformat(who["birth_date"]),
        "ethnicity": rng.choice(ETHNICITIES),
        "annual_income": round(rng.lognormvariate(10.6, 0.4), 2),
        "late_payments": rng.randrange(5),
        "defaulted": rng.random() < 0.08,
        "updated_at": moment(rng),
    } for key, who in zip(keys, people)])


if __name__ == "__main__":
    clinic(ROOT / "clinic", 20_101)
    clinic(ROOT / "clean", 20_201)
    retail(ROOT / "retail")
    mlops(ROOT / "mlops")
