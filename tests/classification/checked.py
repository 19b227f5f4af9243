"""Numbers with true check digits, and everything else that is made without a locale.

Faker's Aadhaar, Korean RRN, Chinese RIC, several European social security numbers and British NINOs are
invalid by construction, so no number with a check digit is Faker's: bodies are random, python-stdnum gives the
check characters (rules/oracle/stdnum_vectors.py holds the bodies), and for the numbers that it does not know the
check is calculated here from its specification.
"""

import base64
import hashlib
import random
import string
import sys
import zlib
from importlib import import_module
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "rules" / "oracle"))
import stdnum_vectors as oracle  # noqa: E402

digits, letters = oracle.digits, oracle.letters
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


def of_oracle(kind):
    """A maker of numbers that python-stdnum accepts, plain or as it formats them, one way a column."""
    module_name, make = oracle.KINDS[kind]
    module = import_module(f"stdnum.{module_name}")

    def column(rng, _faker):
        write = getattr(module, "format", None)
        plain = write is None or rng.random() < 0.5

        def cell():
            while True:
                number = make(rng, module)
                if module.is_valid(number):
                    return number if plain else write(number)

        return cell

    return column


def column(make):
    """A maker of cells out of a function of the random source alone."""
    return lambda rng, _faker: lambda: make(rng)


def luhn_check(body):
    total = 0
    for at, char in enumerate(reversed(body)):
        n = int(char) * (2 if at % 2 == 0 else 1)
        total += n - 9 if n > 9 else n
    return str(-total % 10)


def with_luhn(body):
    return body + luhn_check(body)


def weighted(body, weights, modulus):
    return sum(int(d) * w for d, w in zip(body, weights)) % modulus


# Financial.
CARDS = [("4", 16), ("51", 16), ("52", 16), ("53", 16), ("54", 16), ("55", 16), ("2221", 16), ("34", 15), ("37", 15), ("6011", 16), ("3530", 16)]


def card(rng):
    lead, length = rng.choice(CARDS)
    return with_luhn(lead + digits(rng, length - 1 - len(lead)))


def cards(rng, _faker):
    joint = rng.choice(["", "", " ", "-"])

    def cell():
        number = card(rng)
        return joint.join(number[at : at + 4] for at in range(0, len(number), 4)) if len(number) == 16 else number

    return cell


def track(rng):
    return f"%B{card(rng)}^{letters(rng, 6)}/{letters(rng, 5)}^{rng.randint(26, 32)}{rng.randint(1, 12):02}101{digits(rng, 9)}?"


def base58check(payload):
    data = payload + hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        text = BASE58[rest] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def bitcoin(rng):
    return base58check(bytes([rng.choice([0, 5])]) + rng.randbytes(20))


def clabe(rng):
    body = rng.choice(["002", "012", "014", "021", "072"]) + digits(rng, 14)
    total = sum((int(d) * w) % 10 for d, w in zip(body, [3, 7, 1] * 6))
    return body + str(-total % 10)


def sedol(rng):
    alphabet = "0123456789BCDFGHJKLMNPQRSTVWXYZ"
    body = letters(rng, 6, alphabet)
    return body + str(-sum(int(c, 36) * w for c, w in zip(body, [1, 3, 1, 7, 3, 9])) % 10)


def rib(rng):
    bank, desk, account = rng.choice(["30004", "20041", "10278"]), digits(rng, 5), digits(rng, 11)
    key = 97 - (89 * int(bank) + 15 * int(desk) + 3 * int(account)) % 97
    return f"{bank}{desk}{account}{key:02}"


# Government and health numbers that python-stdnum does not know.
def mod_alphabet(rng, body, alphabet, weights, total=0):
    return body + alphabet[(total + sum(int(c, 36) * w for c, w in zip(body, weights))) % len(alphabet)]


def mrz_check(text):
    value = lambda c: 0 if c == "<" else int(c, 36)  # noqa: E731
    return str(sum(value(c) * w for c, w in zip(text, [7, 3, 1] * 20)) % 10)


def ausweis(rng):
    body = letters(rng, 1, "LMNPRTVWXY") + letters(rng, 8, "0123456789CFGHJKLMNPRTVWXYZ")
    return body + mrz_check(body)


def kvnr(rng):
    letter = rng.choice(string.ascii_uppercase)
    body = f"{ord(letter) - 64:02}" + digits(rng, 8)
    total = sum(sum(map(int, str(int(d) * w))) for d, w in zip(body, [1, 2] * 5))
    return letter + body[2:] + str(total % 10)


def rvnr(rng):
    letter = rng.choice("ABCDEFGHKLMNPRSTW")
    body = rng.choice(["02", "04", "13", "25", "65"]) + oracle.ddmmyy(rng) + f"{ord(letter) - 64:02}" + digits(rng, 2)
    total = sum(sum(map(int, str(int(d) * w))) for d, w in zip(body, [2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1]))
    return body[:8] + letter + body[10:] + str(total % 10)


def lanr(rng):
    body = digits(rng, 6)
    return body + str((10 - sum(int(d) * w for d, w in zip(body, [4, 9] * 3)) % 10) % 10) + digits(rng, 2)


def hkid(rng):
    body = letters(rng, 1) + digits(rng, 6)
    total = 36 * 9 + sum(int(c, 36) * w for c, w in zip(body, range(8, 1, -1)))
    return f"{body}({'0123456789A'[-total % 11]})"


def tw_id(rng):
    order = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
    letter, body = rng.choice(order), rng.choice("12") + digits(rng, 7)
    n = 10 + order.index(letter)
    total = n // 10 + n % 10 * 9 + sum(int(d) * w for d, w in zip(body, range(8, 0, -1)))
    return letter + body + str(-total % 10)


def nric(rng):
    lead, body = rng.choice("STFG"), digits(rng, 7)
    total = sum(int(d) * w for d, w in zip(body, [2, 7, 6, 5, 4, 3, 2])) + (4 if lead in "TG" else 0)
    return lead + body + ("JZIHGFEDCBA" if lead in "ST" else "XWUTRQPNMLK")[total % 11]


def emirates(rng):
    return with_luhn(f"784{rng.randint(1950, 2005)}{digits(rng, 7)}")


def iqama(rng):
    return with_luhn(rng.choice("12") + digits(rng, 8))


def nino(rng):
    while True:
        lead = letters(rng, 1, "ABCEGHJKLMNOPRSTWXYZ") + letters(rng, 1, "ABCEGHJKLMNPRSTWXYZ")
        if lead not in ("BG", "GB", "NK", "KN", "TN", "NT", "ZZ"):
            return lead + digits(rng, 6) + rng.choice("ABCD")


def chi(rng):
    while True:
        body = oracle.ddmmyy(rng) + digits(rng, 3)
        check = 11 - weighted(body, range(10, 1, -1), 11)
        if check != 10:
            return body + str(check % 11)


def taj(rng):
    body = digits(rng, 8)
    return body + str(weighted(body, [3, 7] * 4, 10))


def dowod(rng):
    lead, body = "A" + letters(rng, 2), digits(rng, 5)
    total = sum((ord(c) - 55) * w for c, w in zip(lead, [7, 3, 1])) + sum(int(d) * w for d, w in zip(body, [7, 3, 1, 7, 3]))
    return lead + str(total % 10) + body


def medicare(rng):
    body = rng.choice("23456") + digits(rng, 7)
    return body + str(weighted(body, [1, 3, 7, 9] * 2, 10)) + rng.choice("123456789")


def mbi(rng):
    alpha = "ACDEFGHJKMNPQRTUVWXY"
    return "".join(rng.choice({"C": "123456789", "A": alpha, "N": string.digits, "X": alpha + string.digits}[c]) for c in "CAXNAXNAANN")


def npi(rng):
    body = rng.choice("12") + digits(rng, 8)
    return body + luhn_check("80840" + body)


def dea(rng):
    body = digits(rng, 6)
    total = sum(map(int, body[0::2])) + 2 * sum(map(int, body[1::2]))
    return rng.choice("ABFM") + letters(rng, 1) + body + str(total % 10)


def ohip(rng):
    return with_luhn(rng.choice("123456789") + digits(rng, 8))


def ramq(rng):
    year, month, day = oracle.day(rng)
    return f"{letters(rng, 4)}{year % 100:02}{month + rng.choice([0, 50]):02}{day:02}{digits(rng, 2)}"


def nhi(rng):
    alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    while True:
        body = letters(rng, 3, alphabet) + digits(rng, 3)
        total = sum((alphabet.index(c) + 1 if c.isalpha() else int(c)) * w for c, w in zip(body, range(7, 1, -1)))
        if total % 11:
            return body + str(-total % 11 % 10)


def uk_driving(rng):
    year, month, day = oracle.day(rng, 1940, 2002)
    name = letters(rng, rng.randint(3, 5)).ljust(5, "9")
    return f"{name}{year // 10 % 10}{month + rng.choice([0, 50]):02}{day:02}{year % 10}{letters(rng, 2)}{rng.choice('9')}{letters(rng, 2)}"


def nik(rng):
    year, month, day = oracle.day(rng)
    return f"{rng.choice(['31', '32', '33', '35', '36', '51', '12'])}{rng.randint(1, 79):02}{rng.randint(1, 20):02}{day + rng.choice([0, 40]):02}{month:02}{year % 100:02}{rng.randint(1, 400):04}"


def egypt(rng):
    year, month, day = oracle.day(rng, 1940, 2005)
    return f"{2 if year < 2000 else 3}{year % 100:02}{month:02}{day:02}{rng.choice(['01', '02', '12', '21', '25'])}{digits(rng, 5)}"


def cccd(rng):
    year, _, _ = oracle.day(rng)
    return f"0{rng.choice(['01', '79', '48', '31', '92'])}{rng.choice('01') if year < 2000 else rng.choice('23')}{year % 100:02}{digits(rng, 6)}"


def hu_tax(rng):
    while True:
        body = "8" + f"{rng.randint(20000, 50000):05}" + digits(rng, 3)
        check = weighted(body, range(1, 10), 11)
        if check < 10:
            return body + str(check)


def kz_iin(rng):
    while True:
        year, month, day = oracle.day(rng, 1940, 2005)
        body = f"{year % 100:02}{month:02}{day:02}{rng.choice('34') if year < 2000 else rng.choice('56')}{digits(rng, 4)}"
        check = weighted(body, range(1, 12), 11)
        if check == 10:
            check = weighted(body, [3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2], 11)
        if check < 10:
            return body + str(check)


def snils(rng):
    body = digits(rng, 9)
    check = weighted(body, range(9, 0, -1), 101) % 100
    return f"{body[:3]}-{body[3:6]}-{body[6:]} {check:02}"


def nss(rng):
    return with_luhn(f"{rng.randint(1, 97):02}{rng.randint(70, 99):02}{rng.randint(50, 99):02}{digits(rng, 4)}")


def mrz(rng):
    number = letters(rng, 1) + digits(rng, 8)
    born, until = oracle.yymmdd(rng), f"{rng.randint(26, 34)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"
    personal = "<" * 14
    parts = [number + mrz_check(number), born + mrz_check(born), until + mrz_check(until), personal + mrz_check(personal)]
    lower = parts[0] + rng.choice(["UTO", "DEU", "FRA", "ITA"]) + parts[1] + rng.choice("MF") + parts[2] + parts[3]
    return lower + mrz_check(parts[0] + parts[1] + parts[2] + parts[3])


# Devices.
def mac(rng, joint=":"):
    return joint.join(f"{rng.randrange(256):02x}" for _ in range(6))


def macs(rng, _faker):
    joint, upper = rng.choice([":", "-"]), rng.random() < 0.5
    return lambda: mac(rng, joint).upper() if upper else mac(rng, joint)


def public_ip(rng):
    while True:
        parts = [rng.randint(1, 223)] + [rng.randrange(256) for _ in range(3)]
        if parts[0] not in (10, 127, 169, 172, 192):
            return ".".join(map(str, parts))


def ipv6(rng):
    return "2001:" + ":".join(f"{rng.randrange(1, 65536):x}" for _ in range(7))


def vin(rng):
    alphabet = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
    values = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9]))
    body = rng.choice(["1HG", "2T1", "4T1", "5YJ", "1FT"]) + letters(rng, 5, alphabet) + "0" + rng.choice("ABCDEFGHJKLMNPR") + letters(rng, 1, alphabet) + digits(rng, 6)
    total = sum(values.get(c, 0 if c.isalpha() else int(c) if c.isdigit() else 0) * w for c, w in zip(body, [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2]))
    return body[:8] + "0123456789X"[total % 11] + body[9:]


def imsi(rng):
    return rng.choice(["310260", "26201", "23415", "20801", "40445"]).ljust(6, "7") + digits(rng, 9)


def iccid(rng):
    return with_luhn("89" + rng.choice(["49", "44", "01", "33"]) + digits(rng, 14))


# Credentials.
def github(rng):
    body = letters(rng, 30, BASE62)
    number, check = zlib.crc32(body.encode()), ""
    for _ in range(6):
        number, rest = divmod(number, 62)
        check = BASE62[rest] + check
    return f"ghp_{body}{check}"


def jwt(rng):
    part = lambda raw: base64.urlsafe_b64encode(raw).rstrip(b"=").decode()  # noqa: E731
    body = part(f'{{"sub":"{digits(rng, 8)}","iat":{1_600_000_000 + rng.randrange(10**8)}}}'.encode())
    head = part(b'{"alg":"HS256","typ":"JWT"}')
    return f"{head}.{body}.{part(rng.randbytes(32))}"


def password(rng):
    word = rng.choice(["sunny", "dragon", "Winter", "qwerty", "Hamster", "tiger", "Paris", "coffee"])
    return word + rng.choice(["!", "_", "#", "$", ""]) + digits(rng, rng.randint(1, 4)) + rng.choice(["", "!", "x", "Z?"])


def crypt(rng):
    alphabet = BASE62 + "./"
    return f"$2b$12${letters(rng, 53, alphabet)}"


def ethereum(rng):
    return "0x" + letters(rng, 40, "0123456789abcdef")


# Codes.
def ean13(rng):
    body = rng.choice(["400", "501", "761", "871", "301"]) + digits(rng, 9)
    return body + str(-sum(int(d) * w for d, w in zip(body, [1, 3] * 6)) % 10)


def orcid(rng):
    body, total = "0000000" + rng.choice("123") + digits(rng, 7), 0
    for char in body:
        total = (total + int(char)) * 2
    text = body + "0123456789X"[(12 - total % 11) % 11]
    return "-".join(text[at : at + 4] for at in range(0, 16, 4))


def snomed(rng):
    from stdnum import verhoeff

    body = rng.choice("123456789") + digits(rng, rng.randint(5, 7)) + "00"
    return body + verhoeff.calc_check_digit(body)


def loinc(rng):
    body = rng.choice("123456789") + digits(rng, rng.randint(2, 4))
    return f"{body}-{luhn_check(body)}"


def ulid(rng):
    return "01" + letters(rng, 24, "0123456789ABCDEFGHJKMNPQRSTVWXYZ")


def uuid4(rng):
    text = f"{rng.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{rng.choice('89ab')}{text[17:20]}-{text[20:]}"


def geohash(rng):
    return letters(rng, 9, "0123456789bcdefghjkmnpqrstuvwxyz")


def plus_code(rng):
    alphabet = "23456789CFGHJMPQRVWX"
    return letters(rng, 1, "23456789C") + letters(rng, 1, "23456789CFGHJMPQRV") + letters(rng, 6, alphabet) + "+" + letters(rng, 2, alphabet)


def seeded(seed, *parts):
    return random.Random(f"{seed} {' '.join(map(str, parts))}")
