"""Columns that hold nothing personal, and headers that look as if they did.

A family is a maker of cells with headers of its own (also one that says nothing). `TRAPS` are headers whose words
look like those of personal data; each is tried over several kinds of harmless cells.
"""

import string
from datetime import datetime, timedelta, timezone

import checked as n
from checked import column, digits, letters

FAMILIES = []


def family(id, make, headers):
    FAMILIES.append((id, make, tuple(name.strip() for name in headers.split(";"))))


def pick(*values):
    return column(lambda rng: rng.choice(values))


def counter(first, step):
    """Numbers that are counted up, one start a column."""

    def made(rng, _faker):
        at = rng.randint(*first) - 1

        def cell():
            nonlocal at
            at += rng.randint(1, step)
            return str(at)

        return cell

    return made


def moment(rng, form, days=900):
    return (datetime(2023, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=rng.randrange(days * 86400))).strftime(form)


def moments(rng, _faker):
    form = rng.choice(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M", "%Y-%m-%d"])
    return lambda: moment(rng, form)


def prefixed(prefix, count):
    return column(lambda rng: prefix + digits(rng, count))


family("epoch_seconds", column(lambda r: str(r.randint(1_500_000_000, 1_760_000_000))), "created;ts;event_ts;updated_epoch;col_3;last_seen;time")
family("epoch_millis", column(lambda r: str(r.randint(1_500_000_000_000, 1_760_000_000_000))), "timestamp_ms;event_time;value;ingested")
family("epoch_micros", column(lambda r: str(r.randint(1_500_000_000_000_000, 1_760_000_000_000_000))), "ts_us;trace_time;x")
family("epoch_nanos", column(lambda r: str(r.randint(1_500_000_000_000_000_000, 1_760_000_000_000_000_000))), "ts_ns;span_start;field_8")
family("timestamp", moments, "created_at;order_date;updated_at;delivery_date;col_9;date;last_login_at")
family("cron", column(lambda r: f"{r.randint(0, 59)} {r.randint(0, 23)} * * {r.choice('*12345')}"), "schedule;cron;runs")
family("uuid", column(n.uuid4), "id;uuid;request_id;event_id;trace_id;c2")
family("ulid", column(n.ulid), "id;ulid;message_id")
family("nanoid", column(lambda r: letters(r, 21, n.BASE62 + "_-")), "id;nano_id;public_key_ref")
family("object_id", column(lambda r: letters(r, 24, "0123456789abcdef")), "_id;object_id;ref")
family("md5", column(lambda r: letters(r, 32, "0123456789abcdef")), "md5;checksum;etag;col_7")
family("git_sha", column(lambda r: letters(r, 40, "0123456789abcdef")), "commit;git_sha;revision")
family("sha256", column(lambda r: letters(r, 64, "0123456789abcdef")), "sha256;file_digest;image_digest")
family("integrity", column(lambda r: "sha512-" + letters(r, 86, n.BASE62 + "+/") + "=="), "integrity;hash")
family("sequence", counter((1, 99999), 1), "id;row_id;order_id;invoice_id;line_no;seq;x1")
family("sequence_9", counter((100_000_000, 900_000_000), 7), "id;order_no;shipment_id;ticket;col_5")
family("sequence_10", counter((1_000_000_000, 9_000_000_000), 3), "order_id;transaction_ref;batch;id")
family("sequence_11", counter((10_000_000_000, 90_000_000_000), 9), "event_no;booking_ref;f3")
family("sequence_16", counter((4_000_000_000_000_000, 4_900_000_000_000_000), 5), "transaction_id;journal_ref;value")
family("random_8", column(lambda r: digits(r, 8)), "batch_no;lot;ref;col_11")
family("random_9", column(lambda r: digits(r, 9)), "reference;lot_number;tracking;v4;order_ref")
family("random_10", column(lambda r: digits(r, 10)), "ref_no;shipment;document;a1")
family("random_11", column(lambda r: digits(r, 11)), "transaction_no;waybill;column_6")
family("random_12", column(lambda r: digits(r, 12)), "aws_account;parcel;b7")
family("random_13", column(lambda r: digits(r, 13)), "tracking_no;x;article")
family("random_16", column(lambda r: "4" + digits(r, 15)), "reference_number;merchant_ref;order_reference;z")
family("alnum_8", column(lambda r: letters(r, 8, string.ascii_uppercase + string.digits)), "booking_code;pnr_ref;voucher;promo_code")
family("letters_8", column(lambda r: letters(r, 8)), "code;token_symbol;slug_code")
family("semver", column(lambda r: f"{r.randint(0, 9)}.{r.randint(0, 30)}.{r.randint(0, 20)}"), "version;release;app_version;sdk")
family("build", column(lambda r: f"{r.randint(1, 12)}.{r.randint(0, 9)}.{r.randint(0, 250)}.{r.randint(0, 99)}"), "build;firmware;driver_version;agent_version")
family("windows_build", column(lambda r: f"10.0.{r.randint(10000, 22000)}.{r.randint(1, 900)}"), "os_build;version")
family("ean13", column(n.ean13), "ean;barcode;gtin;product_code;col_4")
family("upc", column(lambda r: (lambda b: b + str(-sum(int(d) * w for d, w in zip(b, [3, 1] * 6)) % 10))("0" + digits(r, 10))), "upc;barcode;item_upc")
family("isbn13", column(lambda r: (lambda b: b + str(-sum(int(d) * w for d, w in zip(b, [1, 3] * 6)) % 10))("978" + digits(r, 9))), "isbn;book_isbn;edition")
family("isbn10", n.of_oracle("issn"), "issn;journal_issn")
family("asin", column(lambda r: "B0" + letters(r, 8, string.ascii_uppercase + string.digits)), "asin;sku;item")
family("sku", column(lambda r: f"{letters(r, 3)}-{digits(r, 4)}-{letters(r, 1)}"), "sku;article_code;part_number")
family("cas", n.of_oracle("cas_number"), "cas;cas_number;substance")
family("doi", column(lambda r: f"10.{r.randint(1000, 9999)}/{letters(r, 6, string.ascii_lowercase)}.{digits(r, 5)}"), "doi;reference;citation")
family("isin", n.of_oracle("isin"), "isin;security;instrument")
family("lei", n.of_oracle("lei"), "lei;entity_lei")
family("cusip", n.of_oracle("cusip"), "cusip;security_id")
family("sedol", n.of_oracle("sedol"), "sedol;listing")
family("money", column(lambda r: f"{r.lognormvariate(4, 1):.2f}"), "price;amount;total;unit_cost;col_8;revenue;discount")
family("float", column(lambda r: f"{r.gauss(0, 1):.6f}"), "score;feature_1;weight;embedding_0;x2;loss")
family("unit_float", column(lambda r: f"{r.random():.8f}"), "probability;confidence;ctr;y")
family("exponent", column(lambda r: f"{r.gauss(0, 1):.3e}"), "p_value;gradient;coefficient")
family("percent", column(lambda r: f"{r.uniform(0, 100):.1f}%"), "share;margin;completion")
family("percent_int", column(lambda r: str(r.randint(0, 100))), "progress;battery;humidity;fill_level;col_6")
family("year", column(lambda r: str(r.randint(1980, 2025))), "year;fiscal_year;model_year;release_year;c5")
family("small_int", column(lambda r: str(r.randint(0, 40))), "quantity;items;stock;retries;n")
family("big_int", column(lambda r: str(int(r.lognormvariate(9, 2)))), "bytes;views;downloads;population")
family("boolean", pick("true", "false"), "active;deleted;flag;enabled")
family("boolean_yn", pick("Y", "N"), "is_active;opt;available")
family("zero_one", pick("0", "1"), "label;target;clicked;b1")
family("status", pick("open", "closed", "pending", "shipped", "cancelled"), "status;order_status;state;phase;col_2")
family("colour", pick("red", "green", "blue", "black", "white", "silver"), "color;colour;variant")
family("size", pick("S", "M", "L", "XL", "XXL"), "size;fit")
family("single_letters", pick("A", "B", "C", "D", "M", "F"), "grade;class;bucket;category")
family("country_code", pick("DE", "FR", "US", "GB", "JP", "BR"), "country_code;market;region;iso")
family("currency", pick("EUR", "USD", "GBP", "JPY", "PLN"), "currency;ccy;curr")
family("mime", pick("image/png", "text/html", "application/json", "video/mp4"), "mime_type;content_type")
family("hostname", column(lambda r: f"{r.choice(['web', 'db', 'api', 'worker'])}-{r.randint(1, 99)}.{r.choice(['eu', 'us'])}.internal"), "host;hostname;node;server_name")
family("path", column(lambda r: f"/data/{r.choice(['raw', 'curated'])}/{letters(r, 5, string.ascii_lowercase)}/part-{digits(r, 5)}.parquet"), "file_path;path;location_path;file_name")
family("url", column(lambda r: f"https://shop.example/p/{letters(r, 6, string.ascii_lowercase)}-{digits(r, 4)}"), "url;product_url;link;image_url")
family("s3", column(lambda r: f"s3://lake/{letters(r, 6, string.ascii_lowercase)}/{digits(r, 6)}.json"), "uri;s3_path;object_key")
family("product", column(lambda r: f"{r.choice(['Classic', 'Ultra', 'Eco', 'Pro', 'Mini', 'Smart'])} {r.choice(['Chair', 'Lamp', 'Kettle', 'Drill', 'Jacket', 'Backpack', 'Monitor', 'Router'])} {r.randint(1, 900)}"), "product_name;product;item_name;title;description;col_1;name")
family("product_words", column(lambda r: f"{r.choice(['wireless', 'stainless', 'organic', 'portable', 'leather'])} {r.choice(['keyboard', 'bottle', 'coffee', 'speaker', 'wallet', 'desk'])} {r.choice(['black', 'large', 'set', 'with case', 'refill'])}"), "product_title;item;article_name;col_10;listing")
family("department", pick("Sales", "Engineering", "Finance", "Human Resources", "Legal", "Operations"), "department;team;cost_center_name;unit")
family("company", lambda r, f: f.company, "vendor;supplier_name;company;merchant_name;manufacturer;account_name")
family("brand", pick("Bosch", "Samsung", "Nike", "Lego", "Sony", "Philips", "Adidas", "Canon"), "brand;make;manufacturer;brand_name")
family("catch_phrase", lambda r, f: f.catch_phrase if hasattr(f, "catch_phrase") else lambda: f.sentence(4), "campaign_name;slogan;headline;tagline")
family("words", lambda r, f: f.word, "keyword;tag;topic;term;col_12")
family("sentence", lambda r, f: lambda: f.sentence(nb_words=8), "description;note;message;review;summary;comment")
family("paragraph", lambda r, f: lambda: f.paragraph(nb_sentences=2), "body;article;text;feedback")
family("log_line", column(lambda r: f"{r.choice(['INFO', 'WARN', 'ERROR'])} [{r.choice(['main', 'pool-1'])}] {r.choice(['request done', 'cache miss', 'retrying', 'timeout'])} in {r.randint(1, 999)} ms"), "log;message;line")
family("snake_case", column(lambda r: f"{r.choice(['load', 'train', 'score', 'export'])}_{r.choice(['orders', 'clicks', 'stock'])}_{r.choice(['daily', 'hourly'])}"), "task_name;job;dag_id;pipeline_name;stage_name")
family("chemical", pick("sodium chloride", "ethanol", "acetone", "benzene", "toluene", "methane", "glucose monohydrate", "sulfuric acid"), "substance;reagent;compound_name")
family("species", pick("Iris setosa", "Quercus robur", "Homo sapiens", "Canis lupus", "Panthera leo", "Rosa canina", "Salmo salar", "Felis catus"), "species;organism;taxon_name")
family("element", pick("hydrogen", "helium", "lithium", "carbon", "nitrogen", "oxygen", "iron", "gold"), "element;material")
family("month", pick("January", "February", "March", "April", "May", "June", "July", "August"), "month;period;season")
family("weekday", pick("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), "weekday;dow;day")
family("time_of_day", column(lambda r: f"{r.randint(0, 23):02}:{r.randint(0, 59):02}"), "departure_time;opening;slot")
family("duration", column(lambda r: f"PT{r.randint(1, 59)}M{r.randint(0, 59)}S"), "duration;elapsed")
family("ratio_text", column(lambda r: f"{r.randint(1, 9)}:{r.randint(1, 9)}"), "ratio;odds;aspect")
family("temperature", column(lambda r: f"{r.gauss(15, 8):.1f}"), "temperature;temp_c;reading;sensor_1")
family("coordinates_unit", column(lambda r: f"{r.uniform(0, 1):.4f}"), "x;y;u;v")
family("pixel_box", column(lambda r: f"[{r.randint(0, 640)}, {r.randint(0, 480)}, {r.randint(0, 640)}, {r.randint(0, 480)}]"), "bbox;box;region_of_interest")
family("json", column(lambda r: f'{{"a": {r.randint(1, 9)}, "b": "{letters(r, 3, string.ascii_lowercase)}"}}'), "payload;attributes;metadata")
family("private_ip_masked", column(lambda r: f"10.{r.randint(0, 3)}.0.0/{r.choice([16, 24])}"), "cidr;subnet;route")
family("port", column(lambda r: str(r.choice([80, 443, 5432, 8080, 9090]))), "port;dst_port")
family("flight", column(lambda r: r.choice(["LH", "BA", "AF", "DL"]) + digits(r, 3)), "flight;flight_no;carrier_code")
family("tracking_ups", column(lambda r: "1Z" + letters(r, 6, string.ascii_uppercase + string.digits) + digits(r, 10)), "tracking_number;parcel_no")
family("hex_colour", column(lambda r: "#" + letters(r, 6, "0123456789abcdef")), "color_hex;theme")
family("opaque_hex_16", column(lambda r: letters(r, 16, "0123456789abcdef")), "span_id;cursor;block")
family("base64", column(lambda r: letters(r, 43, n.BASE62 + "+/") + "="), "blob;cursor_token_page;content")
family("dna_like", pick("CAT", "TAG", "ACT", "GAG"), "code;mnemonic_code")
family("formula", column(lambda r: r.choice(["H2O", "CO2", "NaCl", "C6H12O6", "CH4", "NH3"])), "formula;molecule")
family("roman", pick("I", "II", "III", "IV", "V", "VI"), "chapter;volume;phase")
family("stock_ticker", pick("AAPL", "MSFT", "GOOG", "SAP", "TSLA", "NESN"), "ticker;symbol")
family("license", pick("MIT", "Apache-2.0", "GPL-3.0", "BSD-3-Clause"), "license;license_type")
family("language_name", pick("python", "rust", "go", "java", "sql"), "language;runtime;lang")

# Headers that look like personal data and are not. Cells: counts, flags, scores, words, moments.
TRAPS = tuple(
    """email_verified;phone_verified;is_email_valid;email_count;email_sent_at;has_phone;phone_model;phone_brand;address_count
    ip_count;page;pages;page_age;page_count;usage;usage_minutes;business;business_type;stage;stage_name;using;message_count
    product_name;file_name;host_name;table_name;column_name;event_name;brand_name;model_name;service_name;metric_name
    passenger_count;pass_rate;passed;bypass;compass_heading;shipping_pin_status;shipping;pinned;pinterest_clicks
    acid_level;placid;fluoride;candidate_count;academic_year_code;final_score;final;finish;finance_code;confine
    basin;cousin_count;casino_flag;using_ssl;assigned;design;designation_code;signal;signal_strength;singleton
    average;manager_count;storage;mileage;package;package_age;image;image_count;language_model;dosage_unit;coverage
    birthrate;birth_rate;birthday_discount_enabled;is_birthday_promo;death_rate;sex_ratio;gender_ratio;unisex
    street_lights;street_count;city_count;city_population;country_count;state_machine;state_code_count;statement
    account_age_days;account_type;account_status;card_type;card_count;card_color;scorecard;dashboard_card_id;discard
    iban_valid;cvv_match;cvv_result_code;exp;experiment;export;expected;experience_points;expiry_policy
    password_changed_at;password_length;password_policy;token_count;tokens_used;max_tokens;secret_santa_count
    diagnosis_count;dx_count;medication_count;drug_count;lab_count;procedure_time_ms;health_check;healthy;heart_icon
    race_time;race_position;race_distance;union_find_rank;party_size;religion_count;orientation_degrees;screen_orientation
    name_length;name_count;username_available;first_seen;last_seen;last_updated;first_order_value;last_n;surname_missing
    latency;latent_factor;flat_rate;platform;lng_count;longest_run;longevity;zip_file;zipped;unzip_ms;postcode_valid
    plate_thickness;template;license_type;license_count;passport_required;visa_fee;nationality_count;occupation_count
    salary_band_count;income_bracket_count;wage_index;pay_period;payload_size;loan_count;credit;credits_used;credit_limit_utilisation
    ssn_last_verified;sinus_rhythm_count;tin_content;pan_size;pan_angle;pesel_valid;bsn_checked_at;rut_depth;run_id;run
    imei_count;mac_count;device_count;device_type;device_os;session_count;session_length;cookie_consent;url_count
    mrn_count;patient_count;patients_per_day;customer_count;customer_segment;user_count;user_rating;member_since;contact_count""".replace("\n", ";").split(";")
)
TRAPS = tuple(name.strip() for name in TRAPS if name.strip())

TRAP_CELLS = (
    ("count", column(lambda r: str(r.randint(0, 400)))),
    ("flag", pick("true", "false")),
    ("score", column(lambda r: f"{r.random():.4f}")),
    ("word", pick("basic", "standard", "premium", "none", "trial")),
    ("moment", column(lambda r: moment(r, "%Y-%m-%dT%H:%M:%SZ"))),
)
