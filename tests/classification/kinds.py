"""What columns are made: class, cells and headers of every kind.

A header is one of four: *telling* (English words), *short* (an abbreviation), *foreign* (another language),
*blind* (nothing). `by` says by what the values alone can be known:

- `check`: a check digit or a structure that chance all but never has;
- `shape`: a form that nothing else has;
- `words`: names, places, addresses: words that lists and a model of letters know;
- `None`: nobody can know without the header (an age, an account number).
"""

import string
from dataclasses import dataclass

import checked as n
from checked import column, digits, letters, of_oracle


@dataclass(frozen=True)
class Kind:
    id: str
    cls: str
    make: object
    telling: tuple
    short: tuple
    foreign: tuple
    by: str | None
    # Whether each locale's words are to be tried.
    local: bool = False


KINDS = []


def kind(id, cls, make, telling, short="", foreign="", by=None, local=False):
    split = lambda text: tuple(name.strip() for name in text.split(";") if name.strip())  # noqa: E731
    KINDS.append(Kind(id, cls, make, split(telling), split(short), split(foreign), by, local))


def gov(id, telling, short="", foreign="", make=None, by="check", cls=None):
    kind(id, cls or f"pii.government.{id}", make or of_oracle(id), telling, short, foreign, by)


def business(id, telling, short="", foreign="", make=None):
    gov(id, telling, short, foreign, make, cls="technical.business_id")


def pick(*values):
    return column(lambda rng: rng.choice(values))


def fake(provider):
    """Values of a provider of Faker."""
    return lambda _rng, faker: getattr(faker, provider)


def cased(make):
    """Cells in the case of one column: as they are, capitals, small."""

    def made(rng, faker):
        cell = make(rng, faker)
        case = rng.choice([str, str, str, str.upper, str.lower, str.title])
        return lambda: case(cell())

    return made


def full_name(rng, faker):
    order = rng.choice(["as is", "as is", "first last", "last, first"])
    if order == "as is":
        return faker.name
    if order == "first last":
        return lambda: f"{faker.first_name()} {faker.last_name()}"
    return lambda: f"{faker.last_name()}, {faker.first_name()}"


def address(rng, faker):
    if rng.random() < 0.5:
        return faker.street_address
    joint = rng.choice([", ", " "])
    return lambda: faker.address().replace("\n", joint)


def birth(rng, faker):
    form = rng.choice(["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y%m%d", "%Y-%m-%dT00:00:00"])
    return lambda: faker.date_of_birth(minimum_age=1, maximum_age=98).strftime(form)


def phone(rng, faker):
    return faker.phone_number


COUNTRY_CODES = {"1": 10, "44": 10, "49": 10, "33": 9, "34": 9, "39": 10, "31": 9, "48": 9, "55": 11, "91": 10}
LEADS = {"1": "2125", "44": "7911", "49": "1512", "33": "612", "34": "612", "39": "347", "31": "612", "48": "601", "55": "11987", "91": "98"}


def international(rng):
    code = rng.choice(list(COUNTRY_CODES))
    return f"+{code}{LEADS[code]}{digits(rng, COUNTRY_CODES[code] - len(LEADS[code]))}"


def email(rng, faker):
    return lambda: f"{rng.choice([faker.user_name(), faker.user_name() + '.' + digits(rng, 2)])}@{rng.choice(['gmail.com', 'gmx.de', 'web.de', 'orange.fr', 'mail.ru', 'example.org', 'qq.com', 'uol.com.br', faker.free_email_domain()])}"


def free_text(rng, faker):
    return lambda: " ".join(faker.sentence(nb_words=rng.randint(5, 14)) for _ in range(rng.randint(1, 2)))


def latitude(rng, _faker):
    return lambda: f"{rng.uniform(-60, 70):.6f}"


def salary(rng, _faker):
    return lambda: str(int(rng.lognormvariate(10.8, 0.4)))


# Contact and identity.
kind("email", "pii.contact.email", email, "email;email_address;customer_email;contact_email;billing email", "eml;e_mail;mail_addr", "courriel;correo_electronico;posta_elettronica;emailadres;adres_email;E-Mail-Adresse;邮箱;メールアドレス;이메일", "shape", True)
kind("phone", "pii.contact.phone", phone, "phone;phone_number;mobile_number;cell_phone;contact_phone;telephone", "tel;mob;phone_no;cell;ph_no;tel_no", "telefono;telefonnummer;numero_telephone;telefone;handynummer;telefoonnummer;celular;电话;電話番号;전화번호", None, True)
kind("phone_international", "pii.contact.phone", column(international), "phone;msisdn;whatsapp_number;mobile", "tel;msisdn", "telefon;portable;celular;手机号", "shape")
kind("full_name", "pii.name.full", cased(full_name), "full_name;customer_name;patient_name;employee_name;contact_name;name_of_applicant;person_name", "cust_name;fullnm;emp_name;pat_name", "nombre_completo;nom_complet;vollstaendiger_name;nome_completo;volledige_naam;imie_i_nazwisko;姓名;氏名;성명", "words", True)
kind("first_name", "pii.name.first", cased(fake("first_name")), "first_name;given_name;forename;middle_name", "fname;first_nm;f_name;given", "vorname;prenom;voornaam;imie;nombre_pila;fornavn;fornamn;etunimi", "words", True)
kind("last_name", "pii.name.last", cased(fake("last_name")), "last_name;surname;family_name;maiden_name", "lname;last_nm;l_name;surnm", "nachname;familienname;apellidos;cognome;sobrenome;achternaam;nazwisko;etternavn;efternamn;sukunimi;姓", "words", True)
kind("street_address", "pii.contact.address", address, "address;street_address;home_address;mailing_address;address_line_1;residential address", "addr;addr1;str_addr;street", "adresse;anschrift;direccion;domicilio;indirizzo;endereco;adres;strasse;rue;地址;住所;주소", "words", True)
kind("username", "pii.contact.username", fake("user_name"), "username;user_name;login_name;screen_name", "usr_name;login;nick", "benutzername;nom_utilisateur;nombre_usuario;gebruikersnaam")
kind("birth_date", "pii.demographic.birth_date", birth, "date_of_birth;birth_date;birthday;patient_birth_date", "dob;bday;birth_dt;dt_birth", "geburtsdatum;date_naissance;fecha_nacimiento;data_nascita;data_nascimento;geboortedatum;data_urodzenia;fodselsdato;生年月日;출생일")
kind("birth_year", "pii.demographic.birth_date", column(lambda r: str(r.randint(1930, 2010))), "birth_year;year_of_birth", "yob;birth_yr", "geburtsjahr;annee_naissance;ano_nacimiento;geboortejaar")
kind("age", "pii.demographic.age", column(lambda r: str(r.randint(1, 97))), "age;patient_age;customer_age;age_years", "age_yrs;pt_age", "edad;alter;leeftijd;idade;wiek;eta")
kind("gender", "pii.demographic.gender", lambda r, f: (lambda s: lambda: r.choice(s))(r.choice([["M", "F"], ["male", "female"], ["Male", "Female", "Other"], ["m", "w", "d"], ["homme", "femme"], ["K", "M"]])), "gender;sex;patient_gender", "gndr;sex_cd;gender_cd", "geschlecht;sexe;sexo;sesso;geslacht;plec;kon;性别;性別")
kind("marital_status", "pii.demographic.marital_status", lambda r, f: (lambda s: lambda: r.choice(s))(r.choice([["single", "married", "divorced", "widowed"], ["ledig", "verheiratet", "geschieden"], ["casado", "soltero", "viudo"], ["S", "M", "D", "W"]])), "marital_status;civil_status", "mar_stat;marital_st", "familienstand;etat_civil;estado_civil;stato_civile;stan_cywilny")
kind("nationality", "pii.demographic.nationality", lambda r, f: (lambda s: lambda: r.choice(s))(r.choice([["German", "French", "Italian", "Polish", "Indian", "Chinese", "American"], ["DE", "FR", "IT", "PL", "US", "IN"], ["deutsch", "türkisch", "polnisch"]])), "nationality;citizenship;country_of_birth", "natl;ctz;nat_cd", "staatsangehoerigkeit;nationalite;nacionalidad;nazionalita;cittadinanza;nationaliteit;obywatelstwo")
kind("language", "pii.demographic.language", pick("en", "de", "fr", "es", "Hindi", "Polish", "Turkish", "Arabic"), "native_language;preferred_language;mother_tongue", "pref_lang", "muttersprache;langue_maternelle;lengua_materna")
kind("immigration", "pii.demographic.nationality", pick("citizen", "permanent resident", "H-1B", "F-1", "asylum", "refugee"), "immigration_status;visa_status;visa_type", "imm_status;immig_stat", "aufenthaltsstatus;titre_sejour;estatus_migratorio")
kind("occupation", "pii.employment.job", fake("job"), "occupation;job_title;profession", "occ;job_ttl", "beruf;profession_client;ocupacion;professione;beroep;zawod;职业", "words")
kind("employer", "pii.employment.job", fake("company"), "employer;employer_name;current_employer", "empr;empl_name", "arbeitgeber;employeur;empleador;datore_di_lavoro;werkgever;pracodawca")
kind("education", "pii.employment.job", pick("high school", "bachelor", "master", "PhD", "vocational training", "none"), "education_level;highest_degree;education", "edu;edu_lvl", "bildungsabschluss;niveau_etudes;nivel_educativo;titolo_di_studio")
kind("employee_id", "pii.id.employee", column(lambda r: "E" + digits(r, 6)), "employee_id;employee_number;staff_number", "emp_no;empid", "personalnummer;numero_empleado;matricule_employe;personeelsnummer")
kind("customer_id", "pii.id.customer", column(lambda r: digits(r, 8)), "customer_id;customer_number;client_id;member_id", "cust_id;cust_no", "kundennummer;numero_client;codice_cliente;klantnummer")
kind("signature", "pii.signature", column(lambda r: f"s3://docs/sig/{digits(r, 8)}.png"), "signature;customer_signature;signature_image", "sign_img", "unterschrift;firma_cliente;assinatura")
kind("employee_income", "financial.income", salary, "salary;annual_income;gross_pay;base_salary;household_income", "sal;inc_amt", "gehalt;salaire;salario;stipendio;loon;wynagrodzenie;revenu")

# Financial.
kind("card_number", "financial.card", n.cards, "card_number;credit_card_number;credit_card;pan_number", "cc_num;ccn;card_no;cc_number", "kartennummer;numero_carte;numero_tarjeta;carta_credito;kaartnummer;numer_karty", "check")
kind("card_track", "financial.card", column(n.track), "track_data;track1;magnetic_stripe", "trk1", "", "shape")
kind("card_verification", "financial.card.verification", column(lambda r: digits(r, 3)), "cvv;cvc;card_verification_value;security_code", "cvv2;cvc2", "pruefziffer_karte;cryptogramme;codigo_seguridad")
kind("card_expiry", "financial.card", column(lambda r: f"{r.randint(1, 12):02}/{r.randint(25, 33)}"), "card_expiry;expiration_date;valid_thru;card_expiration", "exp_date;cc_exp", "ablaufdatum_karte;date_expiration_carte;gueltig_bis")
kind("iban", "financial.iban", of_oracle("iban"), "iban;account_iban;iban_number", "iban_no;acct_iban", "kontonummer_iban;compte_iban;numero_iban", "check")
kind("bank_account", "financial.account", column(lambda r: digits(r, r.randint(8, 11))), "bank_account;account_number;bank_account_number", "acct_no;acct_num;bank_acct", "kontonummer;numero_compte;numero_cuenta;rekeningnummer;conto_corrente;numer_konta")
kind("es_ccc", "financial.account", of_oracle("es_ccc"), "bank_account;ccc", "ccc", "codigo_cuenta_cliente;cuenta_bancaria", "check")
kind("fr_rib", "financial.account", column(n.rib), "bank_account;rib", "rib", "releve_identite_bancaire;rib_client", "check")
kind("no_kontonr", "financial.account", of_oracle("no_kontonr"), "bank_account;norwegian_account", "kontonr", "kontonummer", "check")
kind("mx_clabe", "financial.account", column(n.clabe), "clabe;clabe_number", "clabe_no", "clabe_interbancaria", "check")
kind("sort_code", "financial.routing", column(lambda r: f"{digits(r, 2)}-{digits(r, 2)}-{digits(r, 2)}"), "sort_code;bank_sort_code", "srt_cd;sortcode", "")
kind("au_bsb", "financial.routing", column(lambda r: f"{digits(r, 3)}-{digits(r, 3)}"), "bsb;bsb_number;bsb_code", "bsb", "")
kind("in_ifsc", "financial.routing", column(lambda r: f"{r.choice(['HDFC', 'ICIC', 'SBIN', 'UTIB'])}0{digits(r, 6)}"), "ifsc;ifsc_code", "ifsc_cd", "", "shape")
kind("in_upi", "financial.account", lambda r, f: lambda: f"{f.user_name()}@{r.choice(['okaxis', 'ybl', 'paytm', 'okhdfcbank', 'upi'])}", "upi_id;upi;vpa", "upi", "", "shape")
kind("aba_routing", "financial.routing", of_oracle("aba_routing"), "routing_number;aba_routing_number;bank_routing", "aba;rtn;routing_no", "", "check")
kind("crypto_btc", "financial.account", column(n.bitcoin), "wallet_address;btc_address;bitcoin_wallet", "btc;btc_addr", "", "check")
kind("crypto_eth", "financial.account", column(n.ethereum), "eth_address;ethereum_wallet;wallet", "eth;eth_addr", "", "shape")
kind("credit_score", "financial.credit_score", column(lambda r: str(r.randint(300, 850))), "credit_score;fico_score", "fico", "schufa_score;schufa")
kind("loan", "financial.account", column(lambda r: str(r.randint(10, 900) * 500)), "loan_amount;mortgage_amount;outstanding_loan", "loan_amt", "darlehensbetrag;montant_pret;monto_prestamo")
kind("account_balance", "financial.account", column(lambda r: f"{r.uniform(-500, 50000):.2f}"), "account_balance;current_balance", "acct_bal", "kontostand;solde_compte;saldo_cuenta;saldo")

# Government, the Americas.
kind("us_ssn", "pii.government.us_ssn", lambda r, f: (lambda plain, m: (lambda: m().replace("-", "") if plain else "-".join([(x := m().replace("-", ""))[:3], x[3:5], x[5:]])))(False, of_oracle("us_ssn")(r, f)), "ssn;social_security_number;us_ssn", "ssn_no;soc_sec_no", "", "shape")
kind("us_ssn_plain", "pii.government.us_ssn", lambda r, f: (lambda m: (lambda: m().replace("-", "")))(of_oracle("us_ssn")(r, f)), "ssn;social_security_number", "ssn_nbr;soc_sec", "")
gov("us_itin", "itin;individual_taxpayer_id", "itin_no", "", by=None)
gov("us_atin", "atin;adoption_taxpayer_id", "atin_no", "", by=None)
gov("us_ptin", "ptin;preparer_tax_id", "ptin_no", "", by=None, cls="pii.professional.ptin")
kind("us_alien_number", "pii.government.us_alien_number", column(lambda r: "A" + digits(r, 9)), "alien_number;a_number;alien_registration_number;green_card_number", "alien_no", "")
kind("us_uscis_receipt", "pii.government.us_alien_number", column(lambda r: r.choice(["EAC", "WAC", "LIN", "SRC", "MSC", "IOE"]) + digits(r, 10)), "uscis_number;uscis_receipt_number", "uscis_no", "", "shape")
kind("voter_id", "pii.government.voter_id", column(lambda r: digits(r, 10)), "voter_id;voter_registration_number;electoral_roll_number", "voter_no", "numero_electeur;clave_elector")
gov("ca_sin", "social_insurance_number;canadian_sin", "sin_no;sin", "numero_assurance_sociale;nas")
gov("ca_phn", "personal_health_number;bc_phn;health_card_number", "phn", "", cls="phi.insurance_id")
kind("ca_ohip", "phi.insurance_id", column(n.ohip), "ohip_number;ontario_health_card", "ohip", "carte_sante_ontario", "check")
kind("ca_ramq", "phi.insurance_id", column(n.ramq), "ramq;ramq_number", "nam", "carte_assurance_maladie", "shape")
gov("mx_curp", "curp;population_registry_code", "curp", "clave_unica_registro_poblacion")
gov("mx_rfc", "rfc;mexican_tax_id", "rfc", "registro_federal_contribuyentes")
gov("mx_nss", "imss_number;mexican_social_security", "nss", "numero_seguridad_social_imss", make=column(n.nss))
gov("br_cpf", "cpf;cpf_number", "cpf_nr;nr_cpf", "cadastro_pessoa_fisica")
gov("br_pis", "pis;pis_pasep", "pis;nis", "numero_pis", make=column(lambda r: (lambda b: b + str((11 - n.weighted(b, [3, 2, 9, 8, 7, 6, 5, 4, 3, 2], 11)) % 11 % 10))(r.choice("12") + digits(r, 9))))
kind("br_cnh", "pii.government.driver_licence", column(lambda r: digits(r, 11)), "cnh;cnh_number", "cnh", "carteira_habilitacao")
kind("br_rg", "pii.government.national_id", column(lambda r: f"{digits(r, 2)}.{digits(r, 3)}.{digits(r, 3)}-{digits(r, 1)}"), "rg;brazilian_id_card", "rg_no", "registro_geral;carteira_identidade")
kind("ar_dni", "pii.government.national_id", column(lambda r: digits(r, 8)), "dni;argentine_id", "dni_nro", "documento_nacional_identidad;nro_documento")
gov("ar_cuil", "cuil;cuit;argentine_tax_id", "cuit_nro", "clave_unica_identificacion", make=of_oracle("ar_cuit"))
gov("cl_rut", "rut;chilean_id", "rut_nro;run", "rol_unico_tributario")
gov("co_nit", "nit;colombian_tax_id", "nit_no", "cedula_ciudadania;numero_identificacion_tributaria")
gov("pe_dni", "peruvian_id;cui", "cui", "dni_peru;codigo_unico_identificacion")
gov("ec_ci", "ecuador_id;ecuadorian_cedula", "ci_ec", "cedula_identidad;cedula_ecuador")
gov("ve_rif", "rif;venezuelan_tax_id", "rif_no", "registro_informacion_fiscal;cedula_venezuela", cls="pii.government.ve_ci")
gov("py_ruc", "paraguayan_ruc;ruc_paraguay", "ruc_py", "registro_unico_contribuyente;cedula_paraguaya", cls="pii.government.py_ci")
gov("do_cedula", "dominican_id;dominican_cedula", "ced_do", "cedula_identidad_electoral;cedula_dominicana")
gov("gt_nit", "guatemalan_nit;nit_guatemala", "nit_gt", "numero_identificacion_tributaria_gt")
gov("cr_cpf", "costa_rican_id;cedula_costa_rica", "ced_cr", "cedula_persona_fisica", by=None)
gov("cu_ni", "cuban_id;carne_identidad", "ni_cu", "numero_identidad_cuba", by=None)

# Europe.
gov("uk_nino", "national_insurance_number;nino", "ni_no;ni_number", "", make=column(n.nino), by="shape")
gov("uk_nhs", "nhs_number;nhs_no", "nhs", "", cls="phi.insurance_id")
gov("uk_chi", "chi_number;community_health_index", "chi", "", make=column(n.chi), cls="phi.insurance_id")
gov("uk_driving_licence", "driving_licence_number;driver_number", "dl_no;drv_lic", "", make=column(n.uk_driving), by="shape", cls="pii.government.driver_licence")
gov("uk_utr", "utr;unique_taxpayer_reference", "utr_no", "")
gov("ie_pps", "pps_number;ppsn", "pps_no", "uimhir_pps")
gov("fr_nir", "french_social_security_number;nir", "num_ss;nir", "numero_securite_sociale;numero_insee")
gov("fr_spi", "french_tax_number;spi", "spi", "numero_fiscal;numero_fiscal_reference")
gov("de_steuer_id", "german_tax_id;steuer_id", "idnr;st_id", "steueridentifikationsnummer;steuerliche_identifikationsnummer")
gov("de_rvnr", "german_pension_number;rvnr", "rvnr", "rentenversicherungsnummer;sozialversicherungsnummer", make=column(n.rvnr))
gov("de_ausweis", "german_id_card;id_card_number_de", "ausweis_nr", "personalausweisnummer;ausweisnummer", make=column(n.ausweis))
gov("de_kvnr", "german_health_insurance_number;kvnr", "kvnr", "krankenversichertennummer;versichertennummer", make=column(n.kvnr), cls="phi.insurance_id")
gov("de_lanr", "lanr;doctor_number", "lanr_nr", "lebenslange_arztnummer;arztnummer", make=column(n.lanr), cls="pii.professional.lanr")
gov("de_stnr", "german_tax_number", "st_nr", "steuernummer;steuer_nr", by=None, cls="pii.government.de_steuernummer")
gov("at_svnr", "austrian_social_insurance_number", "svnr", "sozialversicherungsnummer_at;svnr_oesterreich")
gov("ch_ahv", "swiss_social_security_number;ahv_number", "ahv", "ahv_nummer;numero_avs")
gov("nl_bsn", "bsn;citizen_service_number", "bsn_nr", "burgerservicenummer;sofinummer")
gov("be_nn", "belgian_national_number", "nrn;rrn_be", "rijksregisternummer;numero_national;numero_registre_national")
gov("es_dni", "spanish_id;dni", "dni_num", "documento_nacional_identidad;numero_dni")
gov("es_nie", "nie;foreigner_id_spain", "nie_no", "numero_identidad_extranjero")
gov("es_naf", "spanish_social_security", "nuss;naf", "numero_seguridad_social;afiliacion_seguridad_social", make=column(lambda r: (lambda b: b + f"{int(b if b[2] != '0' else b[:2] + b[3:]) % 97:02}")(f"{r.randint(1, 52):02}{digits(r, 8)}")))
gov("pt_nif", "portuguese_tax_number;nif", "nif_no", "numero_contribuinte;numero_identificacao_fiscal")
gov("pt_cc", "portuguese_citizen_card", "cc_no_pt", "cartao_cidadao;numero_cartao_cidadao")
gov("it_codice_fiscale", "italian_tax_code;fiscal_code", "cf;cod_fisc", "codice_fiscale")
kind("it_ci", "pii.government.national_id", column(lambda r: f"C{letters(r, 1)}{digits(r, 5)}{letters(r, 2)}"), "italian_id_card", "ci_no", "carta_identita;numero_carta_identita")
gov("gr_amka", "amka;greek_social_security", "amka_no", "αμκα")
gov("gr_afm", "afm;greek_tax_number", "afm_no", "αφμ;arithmos_forologikou_mitroou")
gov("pl_pesel", "pesel;pesel_number", "pesel_nr", "numer_pesel")
gov("pl_dowod", "polish_id_card", "dow_os", "dowod_osobisty;numer_dowodu", make=column(n.dowod))
gov("se_personnummer", "swedish_personal_number", "pnr;persnr", "personnummer;samordningsnummer")
gov("no_fnr", "norwegian_id;national_identity_number_no", "fnr", "fodselsnummer;fødselsnummer")
gov("dk_cpr", "danish_cpr;cpr_number", "cpr_nr;cpr", "cpr_nummer", by=None)
gov("fi_hetu", "finnish_personal_id", "hetu", "henkilotunnus;henkilötunnus")
gov("is_kennitala", "kennitala;icelandic_id", "kt_nr", "kennitala")
gov("ee_ik", "estonian_id_code", "ik_ee", "isikukood")
gov("lt_ak", "lithuanian_personal_code", "ak_lt", "asmens_kodas")
gov("lv_pk", "latvian_personal_code", "pk_lv", "personas_kods")
gov("cz_rc", "czech_birth_number;birth_number", "rc_cz", "rodne_cislo;rodné číslo")
gov("hu_taj", "hungarian_health_number;taj_number", "taj", "taj_szam;tajszam", make=column(n.taj))
gov("hu_tax", "hungarian_tax_id", "adoaz", "adoazonosito_jel;adóazonosító", make=column(n.hu_tax))
gov("ro_cnp", "romanian_personal_code;cnp", "cnp_nr", "cod_numeric_personal")
gov("bg_egn", "bulgarian_egn;egn", "egn_no", "егн;edinen_grazhdanski_nomer")
gov("hr_oib", "oib;croatian_personal_number", "oib_br", "osobni_identifikacijski_broj")
gov("si_emso", "emso;slovenian_personal_number", "emso_st", "enotna_maticna_stevilka;emšo")
gov("lu_matricule", "luxembourg_id", "matr_lu", "matricule_national;numero_matricule", make=column(lambda r: (lambda b: b + n.luhn_check(b) + __import__('stdnum.verhoeff').verhoeff.calc_check_digit(b))("%d%02d%02d" % n.oracle.day(r) + digits(r, 3))))
gov("tr_tckn", "turkish_id;tckn", "tc_no", "tc_kimlik_no;kimlik_numarasi")
gov("ru_inn", "russian_inn;inn", "inn_no", "инн;идентификационный_номер_налогоплательщика")
gov("ru_snils", "snils;russian_pension_number", "snils_no", "снилс;страховой_номер", make=column(n.snils))
gov("ua_rntrc", "ukrainian_tax_number;rnokpp", "rnokpp", "рнокпп;ідентифікаційний_код")
gov("kz_iin", "kazakh_iin;iin", "iin_no", "иин;жсн", make=column(n.kz_iin))
gov("md_idno", "moldovan_idnp;idnp", "idnp_no", "numar_identificare_moldova")

# Asia, the Pacific, Africa, the Middle East.
gov("in_aadhaar", "aadhaar_number;aadhaar;uidai_number", "aadhar_no;uid_no", "आधार")
gov("in_pan", "pan;pan_number;permanent_account_number", "pan_no", "", by="shape")
gov("in_epic", "voter_id_india;epic_number", "epic_no", "", cls="pii.government.voter_id")
gov("cn_resident_id", "chinese_id_number;resident_id", "sfz;sfzh", "身份证号;身份证号码;shenfenzheng")
gov("hk_hkid", "hkid;hong_kong_id", "hkid_no", "香港身份證", make=column(n.hkid))
gov("tw_id", "taiwan_id", "tw_idno", "身分證字號;身分證", make=column(n.tw_id))
gov("jp_my_number", "my_number;individual_number_japan", "mynum", "マイナンバー;個人番号;kojin_bango")
gov("kr_rrn", "resident_registration_number;korean_rrn", "rrn", "주민등록번호;jumin")
gov("sg_nric", "nric;nric_fin", "nric_no", "", make=column(n.nric))
gov("my_nric", "mykad;malaysian_nric", "mykad_no;ic_no", "no_kad_pengenalan", make=column(lambda r: f"{n.oracle.yymmdd(r)}-{r.choice(['01', '10', '14', '08', '05', '12'])}-{digits(r, 4)}"), by="shape")
gov("id_nik", "nik;indonesian_id", "ktp_no", "nomor_induk_kependudukan;nomor_ktp", make=column(n.nik), by="shape")
gov("th_pin", "thai_id;thai_national_id", "pin_th", "เลขประจำตัวประชาชน;pid_thai")
gov("vn_cccd", "vietnamese_id;cccd", "cccd_so", "can_cuoc_cong_dan;so_cccd", make=column(n.cccd), by=None)
gov("vn_mst", "vietnamese_tax_code", "mst", "ma_so_thue", cls="pii.government.vn_mst")
gov("ph_tin", "philippine_tin;bir_tin", "tin_ph", "", make=column(lambda r: f"{digits(r, 3)}-{digits(r, 3)}-{digits(r, 3)}-000"), by=None)
gov("pk_cnic", "cnic;pakistani_id", "cnic_no", "", by=None)
gov("au_tfn", "tax_file_number;tfn", "tfn_no", "")
gov("au_medicare", "medicare_number;australian_medicare", "medicare_no", "", make=column(n.medicare), cls="phi.insurance_id")
gov("nz_ird", "ird_number;nz_ird", "ird_no", "")
gov("nz_nhi", "nhi_number;nz_health_index", "nhi", "", make=column(n.nhi), cls="phi.insurance_id")
gov("za_id", "south_african_id;rsa_id_number", "sa_id;rsa_id", "id_nommer")
gov("il_id", "israeli_id;teudat_zehut", "tz_no", "תעודת_זהות;מספר_זהות")
gov("sa_iqama", "iqama_number;saudi_national_id", "iqama_no", "رقم_الاقامة;رقم_الهوية", make=column(n.iqama))
gov("ae_emirates_id", "emirates_id", "eid_no", "الهوية_الاماراتية", make=column(n.emirates))
gov("eg_nid", "egyptian_national_id", "nid_eg", "الرقم_القومي", make=column(n.egypt), by="shape")
gov("ng_nin", "nin;nigerian_nin", "nin_no", "", make=column(lambda r: digits(r, 11)), by=None)
gov("gh_card", "ghana_card;ghana_card_number", "gh_id", "", make=column(lambda r: f"GHA-{digits(r, 9)}-{digits(r, 1)}"), by="shape")
gov("ke_pin", "kra_pin;kenyan_pin", "kra_no", "", by="shape")
gov("mu_nid", "mauritian_nid", "nid_mu", "")
kind("passport", "pii.government.passport", column(lambda r: letters(r, 2, "ABCEFGHKLMNPRX") + digits(r, 7)), "passport_number;passport_no;passport", "ppt_no;pass_no", "reisepassnummer;numero_passeport;numero_pasaporte;passaporto;paspoortnummer;numer_paszportu;护照号")
kind("mrz", "pii.government.passport", column(n.mrz), "mrz;machine_readable_zone;mrz_line_2", "mrz2", "", "check")
kind("driver_licence", "pii.government.driver_licence", column(lambda r: letters(r, 1) + digits(r, 7)), "drivers_license_number;driver_license;driving_licence", "dl_number;dln", "fuehrerscheinnummer;permis_conduire;licencia_conducir;rijbewijsnummer;prawo_jazdy")
kind("national_id", "pii.government.national_id", column(lambda r: digits(r, 9)), "national_id;national_id_number;identity_card_number", "natl_id;nat_id_no", "numero_identidad;numero_carte_identite;cedula;ausweis_id")

# Health.
kind("mrn", "phi.mrn", column(lambda r: digits(r, 7)), "mrn;medical_record_number;patient_id;chart_number", "pat_no;med_rec_no", "patientennummer;numero_patient;historia_clinica;patientnummer")
kind("us_mbi", "phi.insurance_id", column(n.mbi), "medicare_beneficiary_id;mbi", "mbi_no", "", "shape")
kind("us_npi", "pii.professional.npi", column(n.npi), "npi;national_provider_id;provider_npi", "npi_no", "", "check")
kind("us_dea", "pii.professional.dea", column(n.dea), "dea_number;prescriber_dea", "dea_no", "", "check")
kind("icd10", "phi.diagnosis", pick("E11.9", "I10", "J45.909", "M54.5", "F32.1", "K21.9", "N39.0", "Z00.00", "C50.911", "B20", "E78.5", "J06.9", "R07.9", "S72.001A", "G43.909", "F41.1", "O80", "H25.9", "L40.0", "D64.9"), "icd10_code;diagnosis_code;primary_diagnosis", "icd;dx_cd;diag_cd", "diagnoseschluessel;code_cim;codigo_cie10", "shape")
kind("icd9", "phi.diagnosis", pick("250.00", "401.9", "272.4", "530.81", "427.31", "V58.69", "414.01", "493.90", "311", "724.2"), "icd9_code;icd_9_diagnosis", "icd9;dx_icd9", "")
kind("snomed", "phi.diagnosis", column(n.snomed), "snomed_code;snomed_ct_concept", "sctid", "", "check")
kind("loinc", "phi.lab", column(n.loinc), "loinc_code;lab_test_loinc", "loinc", "", "check")
kind("diagnosis", "phi.diagnosis", pick("Type 2 diabetes mellitus", "essential hypertension", "asthma", "major depressive disorder", "breast cancer", "migraine", "pneumonia", "HIV infection", "epilepsy", "hepatitis C", "anxiety disorder", "osteoarthritis"), "diagnosis;condition_description;medical_condition;diagnosis_text", "diag;dx;cond_desc", "diagnose;diagnostic_medical;diagnostico;diagnosi;rozpoznanie;诊断", "words")
kind("medication", "phi.medication", pick("metformin", "lisinopril 10 mg", "atorvastatin", "amoxicillin", "ibuprofen 400mg", "sertraline", "omeprazole", "levothyroxine", "insulin glargine", "warfarin", "prednisone", "albuterol"), "medication;drug_name;prescribed_medication;prescription", "meds;rx;med_nm", "medikament;medicament;medicamento;farmaco;geneesmiddel;lek", "words")
kind("ndc", "phi.medication", column(lambda r: f"{digits(r, 5)}-{digits(r, 4)}-{digits(r, 2)}"), "ndc;ndc_code;national_drug_code", "ndc_cd", "", "shape")
kind("atc", "phi.medication", column(lambda r: r.choice(["A10BA02", "C09AA03", "C10AA05", "N06AB06", "J01CA04", "M01AE01", "B01AA03", "R03AC02", "H03AA01", "A02BC01"])), "atc_code;drug_atc", "atc", "", "shape")
kind("cpt", "phi.procedure", pick("99213", "99214", "93000", "80053", "36415", "71046", "85025", "97110"), "cpt_code;procedure_code;hcpcs_code", "cpt;proc_cd;hcpcs", "ops_code;code_ccam;codigo_procedimiento")
kind("blood_type", "phi.diagnosis", pick("A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-"), "blood_type;blood_group", "bld_type;abo", "blutgruppe;groupe_sanguin;grupo_sanguineo;gruppo_sanguigno;bloedgroep;grupa_krwi", "shape")
kind("insurance_id", "phi.insurance_id", column(lambda r: letters(r, 3) + digits(r, 9)), "health_insurance_id;insurance_member_id;health_plan_number", "ins_member_no;hicn", "krankenkassennummer;numero_mutuelle;numero_seguro_medico")
kind("lab_result", "phi.lab", column(lambda r: f"{r.uniform(2, 200):.1f}"), "lab_result;hba1c;cholesterol_ldl;glucose_level", "gluc_lvl;lab_val", "laborwert;resultat_analyse;resultado_laboratorio")
kind("vital", "phi.lab", column(lambda r: str(r.randint(90, 180))), "systolic_blood_pressure;blood_pressure;heart_rate;body_mass_index", "bp_sys;bmi;hr_bpm", "blutdruck;tension_arterielle;presion_arterial")
kind("pregnancy", "phi.diagnosis", pick("yes", "no"), "is_pregnant;pregnancy_status;pregnant", "preg_flag", "schwanger;enceinte;embarazada")
kind("disability", "phi.diagnosis", pick("none", "mobility", "hearing", "vision", "mental"), "disability;disability_status;disability_type", "disab", "schwerbehinderung;handicap;discapacidad")
kind("hiv", "phi.diagnosis", pick("positive", "negative", "unknown"), "hiv_status;hiv_test_result", "hiv", "statut_vih;estado_vih")
kind("device_udi", "phi.device", column(lambda r: f"(01)0{n.ean13(r)}(21){digits(r, 8)}"), "udi;device_udi;implant_udi", "udi_no", "", "shape")

# Special categories.
kind("ethnicity", "special.ethnicity", pick("White", "Black or African American", "Asian", "Hispanic or Latino", "American Indian", "Pacific Islander", "Other"), "ethnicity;race;ethnic_group", "eth_grp;race_cd", "ethnie;etnia;ethnische_herkunft;etniciteit", "words")
kind("religion", "special.religion", pick("Catholic", "Protestant", "Muslim", "Jewish", "Hindu", "Buddhist", "none", "Orthodox"), "religion;religious_affiliation;faith", "relig;rel_cd", "konfession;religion_client;religione;religia;kirchensteuermerkmal", "words")
kind("politics", "special.politics", pick("Democrat", "Republican", "Green", "Independent", "Libertarian"), "political_affiliation;political_party;party_affiliation", "pol_party", "parteizugehoerigkeit;parti_politique;afiliacion_politica")
kind("union", "special.union", pick("ver.di", "IG Metall", "CGT", "UNISON", "none"), "trade_union;union_membership", "union_mbr", "gewerkschaft;syndicat;sindicato")
kind("orientation", "special.orientation", pick("heterosexual", "homosexual", "bisexual", "other", "prefer not to say"), "sexual_orientation", "sex_orient", "sexuelle_orientierung;orientation_sexuelle;orientacion_sexual")
kind("criminal", "special.criminal", pick("none", "theft", "assault", "DUI", "fraud"), "criminal_record;prior_convictions;felony_conviction", "crim_rec", "vorstrafen;casier_judiciaire;antecedentes_penales")
kind("genetic", "special.genetic", column(lambda r: "rs" + digits(r, r.randint(5, 8))), "genotype;snp_id;rsid", "snp", "", "shape")
kind("biometric", "special.biometric", column(lambda r: letters(r, 44, n.BASE62)), "fingerprint_template;iris_scan;voiceprint;face_embedding", "fp_tmpl", "fingerabdruck;empreinte_digitale;huella_dactilar")

# Places.
kind("postcode", "pii.location.postcode", fake("postcode"), "postal_code;zip_code;postcode;zip", "zip_cd;post_cd", "plz;postleitzahl;code_postal;codigo_postal;cap;postnummer;kod_pocztowy;邮编", None, True)
kind("postcode_uk", "pii.location.postcode", column(lambda r: f"{r.choice(['SW', 'M', 'B', 'LS', 'G', 'EH', 'CF', 'N', 'E'])}{r.randint(1, 20)} {r.randint(1, 9)}{letters(r, 2, 'ABDEFGHJLNPQRSTUWXYZ')}"), "postcode;postal_code", "pcd", "", "shape")
kind("city", "pii.location.city", fake("city"), "city;home_city;town;city_of_residence", "cty", "ort;wohnort;ville;ciudad;citta;cidade;miasto;plaats;城市", "words", True)
kind("latitude", "pii.location.coordinates", latitude, "latitude;lat;gps_latitude", "lat_deg", "breitengrad;latitud")
kind("coordinate_pair", "pii.location.coordinates", column(lambda r: f"{r.uniform(-60, 70):.5f}, {r.uniform(-180, 180):.5f}"), "coordinates;geo_location;gps_coordinates", "geo;lat_lng", "koordinaten;coordenadas", "shape")
kind("geohash", "pii.location.coordinates", column(n.geohash), "geohash;user_geohash", "geo_hash9", "")
kind("plus_code", "pii.location.coordinates", column(n.plus_code), "plus_code;open_location_code", "olc", "", "shape")
kind("licence_plate", "pii.vehicle.plate", fake("license_plate"), "license_plate;number_plate;vehicle_registration", "lic_plate;plate_no", "kennzeichen;immatriculation;matricula;targa;kenteken")
kind("vin", "pii.vehicle.vin", column(n.vin), "vin;vehicle_identification_number", "vin_no", "fahrgestellnummer;numero_chassis", "check")

# Network and devices.
kind("ipv4", "pii.online.ip", column(n.public_ip), "ip_address;client_ip;remote_addr;source_ip", "ip;src_ip;ip_addr", "adresse_ip;direccion_ip", "shape")
kind("ipv6", "pii.online.ip", column(n.ipv6), "ipv6;ipv6_address;client_ipv6", "ip6;v6_addr", "", "shape")
kind("mac", "pii.online.mac", n.macs, "mac_address;device_mac;hw_address", "mac_addr;hwaddr", "adresse_mac", "shape")
kind("imei", "pii.online.imei", of_oracle("imei"), "imei;device_imei", "imei_no", "", "check")
kind("meid", "pii.online.imei", of_oracle("meid"), "meid;device_meid", "meid_no", "", "check")
kind("imsi", "pii.online.imei", of_oracle("imsi"), "imsi;subscriber_imsi", "imsi_no", "", None)
kind("iccid", "pii.online.imei", column(n.iccid), "iccid;sim_card_number", "sim_no", "", "check")
kind("advertising_id", "pii.online.device", column(n.uuid4), "advertising_id;idfa;gaid", "ad_id;aaid", "")
kind("device_id", "pii.online.device", column(lambda r: letters(r, 16, "0123456789abcdef")), "device_id;android_id;device_serial", "dev_id;udid", "geraete_id;id_dispositivo")
kind("session_id", "pii.online.cookie", column(lambda r: letters(r, 26, string.ascii_lowercase + string.digits)), "session_id;cookie_id;cookie", "sess_id;ga_cid", "sitzungs_id")
kind("user_agent", "pii.online.cookie", fake("user_agent"), "user_agent;http_user_agent;browser_agent", "ua;usr_agent", "", "shape")
kind("social_profile", "pii.online.profile", lambda r, f: lambda: f"https://www.linkedin.com/in/{f.user_name()}", "linkedin_url;social_profile;profile_url", "li_url", "", "shape")
kind("url_with_email", "pii.online.cookie", lambda r, f: lambda: f"https://shop.example/unsubscribe?email={f.user_name()}%40gmail.com&id={digits(r, 5)}", "referrer_url;landing_page_url;unsubscribe_url", "ref_url", "", "shape")
kind("orcid", "pii.professional.orcid", column(n.orcid), "orcid;orcid_id;author_orcid", "orcid_no", "", "check")

# Credentials.
kind("password", "credential.password", column(n.password), "password;user_password;passphrase", "pwd;passwd;pw", "passwort;kennwort;mot_de_passe;contrasena;senha;wachtwoord;haslo;密码")
kind("password_hash", "credential.password", column(n.crypt), "password_hash;hashed_password;pw_hash", "pwd_hash;passwd_hash", "", "shape")
kind("jwt", "credential.token", column(n.jwt), "access_token;id_token;bearer_token", "jwt;tok", "", "shape")
kind("github_token", "credential.token", column(n.github), "api_token;github_token", "gh_tok", "", "check")
kind("aws_key", "credential.token", column(lambda r: "AKIA" + r.choice("ABCDEFGHIJKLMNOP") + letters(r, 15, n.BASE32)), "aws_access_key_id;access_key", "aws_key", "", "shape")
kind("private_key", "credential.token", column(lambda r: "-----BEGIN RSA PRIVATE KEY----- " + letters(r, 200, n.BASE62 + "+/") + " -----END RSA PRIVATE KEY-----"), "private_key;ssh_private_key", "priv_key", "", "shape")
kind("connection_string", "credential.token", lambda r, f: lambda: f"postgres://{f.user_name()}:{letters(r, 12, n.BASE62)}@db{r.randint(1, 9)}.internal:5432/app", "connection_string;database_url", "dsn;conn_str", "", "shape")
kind("otp_secret", "credential.token", lambda r, f: lambda: f"otpauth://totp/app:{f.user_name()}?secret={letters(r, 16, n.BASE32)}", "totp_secret;otp_uri", "otp", "", "shape")

# Numbers of businesses and securities: known, not personal.
business("br_cnpj", "cnpj;company_cnpj", "cnpj_nr", "cadastro_nacional_pessoa_juridica")
gov("us_ein", "ein;employer_identification_number", "ein_no", "", by=None, cls="technical.business_id")
business("au_abn", "abn;australian_business_number", "abn_no", "")
business("fr_siret", "siret;siret_number", "siret_no", "numero_siret")
business("es_cif", "cif;spanish_company_id", "cif_no", "codigo_identificacion_fiscal")
business("it_iva", "italian_vat_number;partita_iva", "piva", "partita_iva")
business("pl_regon", "regon;polish_business_number", "regon_nr", "numer_regon")
business("uk_vat", "vat_number;uk_vat", "vat_no", "")
business("in_gstin", "gstin;gst_number", "gst_no", "")
business("sg_uen", "uen;singapore_uen", "uen_no", "")
business("kr_brn", "korean_business_number", "brn", "사업자등록번호")
