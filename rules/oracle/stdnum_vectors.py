"""Prints `validator,number,valid` lines: numbers judged by python-stdnum (LGPL, used as a tool only).

    pip install python-stdnum==2.2
    python rules/oracle/stdnum_vectors.py > rules/oracle/vectors.csv
    cargo build --example checks && python rules/oracle/stdnum_vectors.py --against target/debug/examples/checks

The first keeps forty valid and forty corrupted numbers of each type for the unit tests; the second holds the validators
against a thousand and a thousand. Numbers are drawn from a fixed seed.
A valid number is a random body with the check characters that python-stdnum calculates, kept if
`is_valid` says so; a corrupted one has one digit changed and `is_valid` denies it.
"""

import random
import string
import sys
from importlib import import_module

PER_KIND = 40


def digits(rng, count):
    return "".join(rng.choice("0123456789") for _ in range(count))


def letters(rng, count, alphabet=string.ascii_uppercase):
    return "".join(rng.choice(alphabet) for _ in range(count))


def day(rng, first=1930, last=2005):
    return rng.randint(first, last), rng.randint(1, 12), rng.randint(1, 28)


def yymmdd(rng, **years):
    year, month, date = day(rng, **years)
    return f"{year % 100:02}{month:02}{date:02}"


def ddmmyy(rng, **years):
    year, month, date = day(rng, **years)
    return f"{date:02}{month:02}{year % 100:02}"


def brute(module, body, tail=1, alphabet="0123456789"):
    """`body` with the first ending of `tail` characters that python-stdnum accepts."""
    from itertools import product

    for end in product(alphabet, repeat=tail):
        number = body + "".join(end)
        if module.is_valid(number):
            return number
    return body + "0" * tail


def chinese(rng, module):
    place = rng.choice(["110101", "310104", "440106", "510104", "330102", "420102", "210102", "610102"])
    year, month, date = day(rng)
    return brute(module, f"{place}{year}{month:02}{date:02}{digits(rng, 3)}", 1, "0123456789X")


def codice_fiscale(rng, module):
    body = letters(rng, 6, "BCDFGLMNPRST") + digits(rng, 2) + letters(rng, 1, "ABCDEHLMPRST")
    body += f"{rng.randint(1, 28) + rng.choice([0, 40]):02}" + letters(rng, 1, "ABCDEFGHIL") + digits(rng, 3)
    return body + module.calc_check_digit(body)


def hetu(rng, module):
    body = ddmmyy(rng, last=1999) + "-" + f"{rng.randint(2, 899):03}"
    return brute(module, body, 1, "0123456789ABCDEFHJKLMNPRSTUVWXY")


def curp(rng, module):
    body = letters(rng, 4, "BCDFGHJKLM") + yymmdd(rng, last=1999) + rng.choice("HM")
    body += rng.choice(["DF", "JC", "NL", "OC"]) + letters(rng, 3, "BCDFGLMN") + digits(rng, 1)
    return body + module.calc_check_digit(body)


def iban(rng, _module):
    from stdnum import iban as module

    country, length = rng.choice([("DE", 18), ("AT", 16), ("CH", 17), ("PT", 21), ("LT", 16), ("DK", 14), ("SA", 20)])
    bban = digits(rng, length)
    return country + module.calc_check_digits(country + "00" + bban) + bban


def rfc(rng, module):
    body = letters(rng, 4, "BCDFGHJKLM") + yymmdd(rng, last=1999) + letters(rng, 2, "ABCDEFGHIJ123456789")
    return body + module.calc_check_digit(body)


def cpr(rng, _module):
    return ddmmyy(rng, last=1999) + rng.choice("0123") + digits(rng, 3)


def simple(count, tail=1, lead="", alphabet="0123456789"):
    return lambda rng, module: brute(module, lead + digits(rng, count), tail, alphabet)


def dated(order, count, tail=1, lead=lambda rng: "", **years):
    return lambda rng, module: brute(module, lead(rng) + order(rng, **years) + digits(rng, count), tail)


def yyyymm_curious(rng):
    return f"{rng.choice('12')}{rng.randint(30, 99):02}{rng.randint(1, 12):02}{rng.randint(1, 95):02}"


# Our name: (python-stdnum module, how a candidate is made).
KINDS = {
    "aba_routing": ("us.rtn", lambda rng, m: brute(m, f"{rng.randint(1, 12):02}" + digits(rng, 6))),
    "ad_nrt": ("ad.nrt", lambda rng, m: rng.choice("FE") + digits(rng, 6) + letters(rng, 1)),
    "ar_cuit": ("ar.cuit", lambda rng, m: brute(m, rng.choice(["20", "27", "30"]) + digits(rng, 8))),
    "at_svnr": ("at.vnr", lambda rng, m: vnr(rng, m)),
    "au_abn": ("au.abn", lambda rng, m: abn(rng, m)),
    "au_acn": ("au.acn", lambda rng, m: (lambda body: body + m.calc_check_digit(body))(digits(rng, 8))),
    "au_tfn": ("au.tfn", simple(8)),
    "be_nn": ("be.nn", dated(yymmdd, 3, 2, last=1999)),
    "bg_egn": ("bg.egn", dated(yymmdd, 3, last=1999)),
    "br_cnpj": ("br.cnpj", lambda rng, m: (lambda body: body + m.calc_check_digits(body))(letters(rng, 8, string.digits + "ABCXYZ") + "0001")),
    "br_cpf": ("br.cpf", simple(9, 2)),
    "by_unp": ("by.unp", lambda rng, m: unp(rng, m)),
    "ca_phn": ("ca.bc_phn", lambda rng, m: phn(rng, m)),
    "ca_sin": ("ca.sin", simple(7, lead="4")),
    "cas_number": ("casrn", lambda rng, m: brute(m, f"{rng.randint(50, 9_999_999)}-{digits(rng, 2)}-")),
    "ch_ahv": ("ch.ssn", simple(9, lead="756")),
    "ch_uid": ("ch.uid", lambda rng, m: "CHE" + brute_after(m, "CHE", digits(rng, 8))),
    "cl_rut": ("cl.rut", simple(8, alphabet="0123456789K")),
    "cn_resident_id": ("cn.ric", chinese),
    "cn_uscc": ("cn.uscc", lambda rng, m: uscc(rng, m)),
    "co_nit": ("co.nit", lambda rng, m: (lambda body: body + m.calc_check_digit(body))(rng.choice("18") + digits(rng, rng.randint(8, 9)))),
    "cr_cpf": ("cr.cpf", lambda rng, m: rng.choice("1234567") + "0" + digits(rng, 3) + "0" + digits(rng, 3)),
    "cu_ni": ("cu.ni", lambda rng, m: yymmdd(rng, last=1999) + rng.choice("012345") + digits(rng, 4)),
    "cusip": ("cusip", lambda rng, m: (lambda body: body + m.calc_check_digit(body))(digits(rng, 6) + letters(rng, 2, string.digits + "ABCDEF"))),
    "cz_rc": ("cz.rc", dated(yymmdd, 3, first=1955, last=1999)),
    "de_steuer_id": ("de.idnr", lambda rng, m: steuer_id(rng, m)),
    "de_stnr": ("de.stnr", lambda rng, m: rng.choice(["181/{}/{}", "93{}/{}", "151/{}/{}"]).format(digits(rng, 3), digits(rng, 5))),
    "dk_cpr": ("dk.cpr", cpr),
    "do_cedula": ("do.cedula", lambda rng, m: brute(m, f"{rng.randint(1, 230):03}" + digits(rng, 7))),
    "ec_ci": ("ec.ci", lambda rng, m: brute(m, f"{rng.randint(1, 24):02}{rng.choice('012345')}{digits(rng, 6)}")),
    "ee_ik": ("ee.ik", dated(yymmdd, 3, lead=lambda rng: rng.choice("34"), last=1999)),
    "es_ccc": ("es.ccc", lambda rng, m: (lambda body: body[:8] + m.calc_check_digits(body[:8] + "00" + body[8:]) + body[8:])(rng.choice(["2100", "0049", "0182"]) + digits(rng, 14))),
    "es_cif": ("es.cif", lambda rng, m: brute(m, rng.choice("ABEFGHJ") + digits(rng, 7))),
    "es_dni": ("es.dni", simple(8, alphabet=string.ascii_uppercase)),
    "es_nie": ("es.nie", lambda rng, m: brute(m, rng.choice("XYZ") + digits(rng, 7), 1, string.ascii_uppercase)),
    "fi_hetu": ("fi.hetu", hetu),
    "fr_nir": ("fr.nir", lambda rng, m: brute(m, yyyymm_curious(rng) + digits(rng, 6), 2)),
    "fr_siren": ("fr.siren", simple(8)),
    "fr_siret": ("fr.siret", lambda rng, m: siret(rng, m)),
    "fr_spi": ("fr.nif", lambda rng, m: (lambda body: body + m.calc_check_digits(body))(rng.choice("0123") + digits(rng, 9))),
    "gr_afm": ("gr.vat", simple(8)),
    "gr_amka": ("gr.amka", dated(ddmmyy, 4, last=1999)),
    "gt_nit": ("gt.nit", lambda rng, m: (lambda body: body + m.calc_check_digit(body))(rng.choice("123456789") + digits(rng, rng.randint(5, 7)))),
    "gtin": ("ean", simple(12)),
    "hr_oib": ("hr.oib", simple(10)),
    "iban": ("iban", iban),
    "id_npwp": ("id.npwp", lambda rng, m: npwp(rng, m)),
    "ie_pps": ("ie.pps", simple(7, alphabet=string.ascii_uppercase)),
    "il_id": ("il.idnr", simple(8)),
    "imei": ("imei", simple(12, lead="35")),
    "imsi": ("imsi", lambda rng, m: rng.choice(["310260", "262011", "234155", "208011", "404451"]) + digits(rng, 9)),
    "in_aadhaar": ("in_.aadhaar", simple(10, lead="5")),
    "in_epic": ("in_.epic", lambda rng, m: brute(m, letters(rng, 3) + digits(rng, 6))),
    "in_gstin": ("in_.gstin", lambda rng, m: gstin(rng, m)),
    "in_pan": ("in_.pan", lambda rng, m: letters(rng, 3) + rng.choice("ABCFGHJLPT") + letters(rng, 1) + digits(rng, 4) + letters(rng, 1)),
    "is_kennitala": ("is_.kennitala", lambda rng, m: kennitala(rng, m)),
    "isbn": ("isbn", simple(9, lead="978")),
    "isin": ("isin", lambda rng, m: brute(m, rng.choice(["US", "DE", "FR", "GB"]) + digits(rng, 9))),
    "issn": ("issn", lambda rng, m: (lambda body: body + m.calc_check_digit(body))(digits(rng, 7))),
    "it_codice_fiscale": ("it.codicefiscale", codice_fiscale),
    "it_iva": ("it.iva", lambda rng, m: brute(m, digits(rng, 7) + f"{rng.randint(1, 95):03}")),
    "jp_corporate": ("jp.cn", lambda rng, m: (lambda body: m.calc_check_digit(body) + body)(digits(rng, 12))),
    "jp_my_number": ("jp.in_", simple(11)),
    "ke_pin": ("ke.pin", lambda rng, m: rng.choice("AP") + digits(rng, 9) + letters(rng, 1)),
    "kr_brn": ("kr.brn", lambda rng, m: brn(rng)),
    "kr_rrn": ("kr.rrn", lambda rng, m: brute(m, yymmdd(rng, last=1999) + rng.choice("12") + f"{rng.randint(0, 90):02}" + digits(rng, 3))),
    "lei": ("lei", lambda rng, m: brute(m, letters(rng, 18, string.digits + string.ascii_uppercase), 2)),
    "lt_ak": ("lt.asmens", dated(yymmdd, 3, lead=lambda rng: rng.choice("34"), last=1999)),
    "lv_pk": ("lv.pvn", lambda rng, m: brute(m, ddmmyy(rng, last=1999) + "1" + digits(rng, 3))),
    "md_idno": ("md.idno", lambda rng, m: idno(rng, m)),
    "meid": ("meid", lambda rng, m: (lambda body: body + m.calc_check_digit(body))("A" + letters(rng, 13, "0123456789ABCDEF"))),
    "mu_nid": ("mu.nid", lambda rng, m: mu_nid(rng, m)),
    "mx_curp": ("mx.curp", curp),
    "mx_rfc": ("mx.rfc", rfc),
    "nl_bsn": ("nl.bsn", simple(8)),
    "no_fnr": ("no.fodselsnummer", lambda rng, m: brute(m, ddmmyy(rng, first=1940, last=1999) + f"{rng.randint(0, 499):03}", 2)),
    "no_kontonr": ("no.kontonr", lambda rng, m: brute(m, digits(rng, 10))),
    "nz_ird": ("nz.ird", lambda rng, m: brute(m, f"{rng.randint(1_000_000, 14_999_999)}")),
    "orcid": ("isni", lambda rng, m: brute(m, "0000000" + rng.choice("123") + digits(rng, 7), 1, "0123456789X")),
    "pe_dni": ("pe.cui", lambda rng, m: (lambda body: body + rng.choice(m.calc_check_digits(body)))(digits(rng, 8))),
    "pe_ruc": ("pe.ruc", lambda rng, m: (lambda body: body + m.calc_check_digit(body))(rng.choice(["10", "20"]) + digits(rng, 8))),
    "pk_cnic": ("pk.cnic", lambda rng, m: rng.choice("1234567") + digits(rng, 11) + rng.choice("123456789")),
    "pl_nip": ("pl.nip", simple(9)),
    "pl_pesel": ("pl.pesel", dated(yymmdd, 4, last=1999)),
    "pl_regon": ("pl.regon", lambda rng, m: brute(m, digits(rng, 8))),
    "pt_cc": ("pt.cc", lambda rng, m: (lambda body: body + m.calc_check_digit(body))(digits(rng, 9) + letters(rng, 1) + rng.choice(string.ascii_uppercase + string.digits))),
    "pt_nif": ("pt.nif", lambda rng, m: brute(m, rng.choice("12356") + digits(rng, 7))),
    "py_ruc": ("py.ruc", lambda rng, m: (lambda body: body + m.calc_check_digit(body))(rng.choice(["80", "1", "2", "4"]) + digits(rng, 6))),
    "ro_cnp": ("ro.cnp", lambda rng, m: brute(m, rng.choice("12") + yymmdd(rng, last=1999) + f"{rng.randint(1, 46):02}" + digits(rng, 3))),
    "ru_inn": ("ru.inn", simple(10, 2)),
    "se_orgnr": ("se.orgnr", lambda rng, m: brute(m, "55" + digits(rng, 7))),
    "se_personnummer": ("se.personnummer", lambda rng, m: brute(m, yymmdd(rng, last=1999) + "-" + digits(rng, 3))),
    "sedol": ("gb.sedol", lambda rng, m: (lambda body: body + m.calc_check_digit(body))("B" + letters(rng, 5, "0123456789BCDFGHJKLMNPQRSTVWXYZ"))),
    "sg_uen": ("sg.uen", lambda rng, m: brute(m, f"{rng.randint(1970, 2020)}{digits(rng, 5)}", 1, string.ascii_uppercase)),
    "si_emso": ("si.emso", lambda rng, m: emso(rng, m)),
    "th_pin": ("th.pin", lambda rng, m: brute(m, rng.choice("12345678") + digits(rng, 11))),
    "tr_tckn": ("tr.tckimlik", lambda rng, m: brute(m, rng.choice("123456789") + digits(rng, 8), 2)),
    "tr_vkn": ("tr.vkn", lambda rng, m: (lambda body: body + m.calc_check_digit(body))(digits(rng, 9))),
    "tw_ubn": ("tw.ubn", simple(7)),
    "ua_rntrc": ("ua.rntrc", lambda rng, m: brute(m, rng.choice("123") + digits(rng, 8))),
    "uk_nhs": ("gb.nhs", simple(9)),
    "uk_utr": ("gb.utr", lambda rng, m: (lambda body: m.calc_check_digit(body) + body)(digits(rng, 9))),
    "uk_vat": ("gb.vat", lambda rng, m: "GB" + brute_after(m, "GB", digits(rng, 7), 2)),
    "us_atin": ("us.atin", lambda rng, m: f"9{digits(rng, 2)}-93-{digits(rng, 4)}"),
    "us_ein": ("us.ein", simple(9, 0)),
    "us_itin": ("us.itin", lambda rng, m: "9" + digits(rng, 2) + f"{rng.randint(70, 99)}" + digits(rng, 4)),
    "us_ptin": ("us.ptin", lambda rng, m: "P" + digits(rng, 8)),
    "us_ssn": ("us.ssn", simple(9, 0)),
    "ve_rif": ("ve.rif", lambda rng, m: brute(m, rng.choice("VEJ") + digits(rng, 8))),
    "vn_mst": ("vn.mst", lambda rng, m: brute(m, "0" + digits(rng, 8))),
    "za_id": ("za.idnr", lambda rng, m: brute(m, yymmdd(rng) + digits(rng, 4) + rng.choice("01") + "8")),
}


def brute_after(module, lead, body, tail=1):
    """As `brute`, without the lead in what is given back."""
    return brute(module, lead + body, tail)[len(lead) :]


def brn(rng):
    body = f"{rng.randint(101, 999)}{rng.randint(1, 79):02}{digits(rng, 4)}"
    total = sum(int(d) * w for d, w in zip(body, [1, 3, 7, 1, 3, 7, 1, 3, 5])) + int(body[8]) * 5 // 10
    return body + str(-total % 10)


def unp(rng, module):
    body = rng.choice("1234567") + digits(rng, 7)
    return brute(module, body)


def phn(rng, module):
    return brute(module, "9" + digits(rng, 8))


def uscc(rng, module):
    body = rng.choice(["91", "92", "11"]) + rng.choice(["110101", "310104", "440106"]) + letters(rng, 9, "0123456789ABCDEFGHJKLMNPQRTUWXY")
    return body + module.calc_check_digit(body)


def siret(rng, module):
    from stdnum.fr import siren

    body = digits(rng, 8)
    return brute(module, brute(siren, body) + f"{rng.randint(1, 99):04}")


def npwp(rng, module):
    from stdnum import luhn

    body = rng.choice("0123") + digits(rng, 7)
    return body + luhn.calc_check_digit(body) + f"{rng.randint(1, 500):03}{rng.randint(0, 20):03}"


def gstin(rng, module):
    pan = letters(rng, 3) + rng.choice("CPFH") + letters(rng, 1) + f"{rng.randint(1, 9999):04}" + letters(rng, 1)
    return brute(module, f"{rng.randint(1, 37):02}" + pan + rng.choice("12345") + "Z", 1, string.digits + string.ascii_uppercase)


def idno(rng, module):
    body = rng.choice("12") + digits(rng, 11)
    return body + module.calc_check_digit(body)


def mu_nid(rng, module):
    body = letters(rng, 1) + ddmmyy(rng, last=1999) + digits(rng, 6)
    return body + module.calc_check_digit(body)


def vnr(rng, module):
    serial, date = f"{rng.randint(100, 999)}", ddmmyy(rng)
    for check in "0123456789":
        if module.is_valid(serial + check + date):
            return serial + check + date
    return serial + "0" + date


def abn(rng, module):
    body = digits(rng, 9)
    return module.calc_check_digits(body) + body


def steuer_id(rng, module):
    order = rng.sample("123456789", 9)
    order.insert(rng.randint(1, 8), rng.choice(order))
    return brute(module, "".join(order))


def kennitala(rng, module):
    body = ddmmyy(rng, last=1999) + f"{rng.randint(20, 99)}"
    for check in "0123456789":
        if module.is_valid(body + check + "9"):
            return body + check + "9"
    return body + "09"


def emso(rng, module):
    year, month, date = day(rng, last=1999)
    return brute(module, f"{date:02}{month:02}{year % 1000:03}50{digits(rng, 3)}")


def corrupt(rng, name, number):
    if name == "in_pan":
        # No check digit: the kind of holder is what can be wrong.
        return number[:3] + rng.choice("DEIMNOQRSUVWXYZ") + number[4:]
    places = [at for at, char in enumerate(number) if char.isdigit()]
    at = rng.choice(places)
    return number[:at] + rng.choice([d for d in "0123456789" if d != number[at]]) + number[at + 1 :]


# Where we differ from python-stdnum 2.2 and say why in the validator's documentation.
def ubn_rest(number):
    return sum(sum(map(int, str(int(d) * w))) for d, w in zip(number, [1, 2, 1, 2, 1, 2, 4, 1])) % 10


def disputed(name, number):
    return (
        # IRS Publication 4757: groups 50–65 are in use.
        (name == "us_itin" and number[0] == "9" and 50 <= int(number[3:5]) <= 65)
        # A day that is still to come: python-stdnum asks the clock, a validator must not.
        or (name == "dk_cpr" and number[6] not in "0123")
        # A remainder of ten is written 0 there; by the law the serial is skipped.
        or (name == "si_emso" and number[-1] == "0")
        # By the law the third digit of an organisation is 2 or more: it is a month otherwise.
        or (name == "se_orgnr" and number[2] in "01")
        # Digit sums that are multiples of five and not of ten are issued since 2023.
        or (name == "tw_ubn" and ubn_rest(number) in (4, 5))
        # python-stdnum knows no municipalities.
        or (name == "do_cedula" and not (1 <= int(number[:3]) <= 230 or number[:3] == "402"))
        # Eight digits with a zero in front are issued, seven are not.
        or (name == "nl_bsn" and number.startswith("00"))
        # Those born since 2020 have a number without a check digit.
        or (name == "kr_rrn" and number[6] in "3478" and 20 <= int(number[:2]) < 40)
    )


# Where python-stdnum knows a shape and no check digit (the Korean business number has one that it does not ask), or a
# table that we do not hold (operators of mobile networks).
SHAPES = {"ad_nrt", "cr_cpf", "de_stnr", "ke_pin", "us_atin", "us_ptin", "kr_brn", "imsi"}


def judged(name, count):
    """`count` valid and `count` corrupted numbers of a kind, or as many as a bounded search finds."""
    module_name, make = KINDS[name]
    module = import_module(f"stdnum.{module_name}")
    rng = random.Random(f"aedile {name}")
    valid, broken = {}, {}
    for _ in range(100 * count):
        if len(valid) == count and len(broken) == count:
            break
        number = make(rng, module)
        if not module.is_valid(number) or disputed(name, number):
            continue
        if len(valid) < count:
            valid[number] = None
        wrong = corrupt(rng, name, number)
        if len(broken) < count and not module.is_valid(wrong) and not disputed(name, wrong):
            broken[wrong] = None
    return list(valid), list(broken)


def vectors():
    print("validator,number,valid")
    for name in sorted(set(KINDS) - SHAPES):
        valid, broken = judged(name, PER_KIND)
        if min(len(valid), len(broken)) < PER_KIND:
            print(f"{name}: {len(valid)} valid, {len(broken)} broken", file=sys.stderr)
        for numbers, word in ((valid, "true"), (broken, "false")):
            for number in numbers:
                print(f"{name},{number},{word}")


def against(program, count):
    """Holds the validators that `program` asks (`cargo build --example checks`) against python-stdnum."""
    import subprocess

    asked = [
        (name, number, word)
        for name in sorted(set(KINDS) - SHAPES)
        for numbers, word in zip(judged(name, count), ("true", "false"))
        for number in numbers
    ]
    lines = "".join(f"{name},{number}\n" for name, number, _ in asked)
    said = subprocess.run([program], input=lines, capture_output=True, text=True, check=True).stdout.split()
    assert len(said) == len(asked)
    wrong = [(*ask, answer) for ask, answer in zip(asked, said) if ask[2] != answer]
    few = [name for name in set(KINDS) - SHAPES if sum(ask[0] == name for ask in asked) < 2 * count]
    for name, number, valid, answer in wrong[::max(1, len(wrong) // 60)]:
        print(f"{name}: {number} is {'valid' if valid == 'true' else 'broken'} for python-stdnum, we say {answer}")
    for name in sorted({row[0] for row in wrong}):
        print(f"{name}: {sum(row[0] == name for row in wrong)} of {sum(ask[0] == name for ask in asked)} disagree")
    print(f"{len(asked)} numbers of {len(set(KINDS) - SHAPES)} kinds, {len(wrong)} disagree; fewer than {2 * count}: {', '.join(few) or 'none'}")
    return bool(wrong)


def main():
    if sys.argv[1:2] == ["--against"]:
        sys.exit(against(sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1000))
    vectors()


if __name__ == "__main__":
    main()
