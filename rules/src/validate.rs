//! Validators: the check digits, calendars and structures behind the shapes of the packs.
//!
//! A pack names a validator; every validator takes a whole cell (or the span of a secret), drops the
//! separators it knows itself, and says whether the number can have been issued. None looks anything
//! up. `oracle/vectors.csv` holds numbers judged by python-stdnum for those it knows as well.

mod americas;
mod asia_pacific;
mod contact;
mod digits;
mod document;
mod europe_north_east;
mod europe_west;
mod financial;
mod health;
mod network;
mod technical;
mod token;

/// Whether a cell, or the span of a secret, has the structure that its shape promises.
pub(crate) type Validator = fn(&[u8]) -> bool;

/// Every validator by the name that packs use, sorted by it.
pub(crate) const VALIDATORS: &[(&str, Validator)] = &[
    ("aba_routing", financial::aba_routing),
    ("ae_emirates_id", asia_pacific::ae_emirates_id),
    ("age", technical::age),
    ("ar_cuit", americas::ar_cuit),
    ("at_svnr", europe_west::at_svnr),
    ("au_abn", asia_pacific::au_abn),
    ("au_medicare", asia_pacific::au_medicare),
    ("au_tfn", asia_pacific::au_tfn),
    ("aws_key_id", token::aws_key_id),
    ("aws_secret", token::aws_secret),
    ("azure_key", token::azure_key),
    ("base62_crc32", token::base62_crc32),
    ("basic_auth", token::basic_auth),
    ("be_nn", europe_west::be_nn),
    ("bech32", token::bech32),
    ("bg_egn", europe_north_east::bg_egn),
    ("bic", technical::bic),
    ("bitcoin_address", financial::bitcoin_address),
    ("br_cnpj", americas::br_cnpj),
    ("br_cpf", americas::br_cpf),
    ("ca_sin", americas::ca_sin),
    ("card_number", financial::card_number),
    ("ch_ahv", europe_west::ch_ahv),
    ("cl_rut", americas::cl_rut),
    ("cn_resident_id", asia_pacific::cn_resident_id),
    ("coded_object", token::coded_object),
    ("coded_private_key", token::coded_private_key),
    ("coordinate", technical::coordinate),
    ("coordinates", technical::coordinates),
    ("credit_score", technical::credit_score),
    ("currency", technical::currency),
    ("cz_rc", europe_north_east::cz_rc),
    ("date", document::date),
    ("de_ausweis", europe_west::de_ausweis),
    ("de_kvnr", europe_west::de_kvnr),
    ("de_rvnr", europe_west::de_rvnr),
    ("de_steuer_id", europe_west::de_steuer_id),
    ("dk_cpr", europe_north_east::dk_cpr),
    ("ee_ik", europe_north_east::ee_ik),
    ("email", contact::email),
    ("epoch_millis", technical::epoch_millis),
    ("epoch_seconds", technical::epoch_seconds),
    ("es_dni", europe_west::es_dni),
    ("es_nie", europe_west::es_nie),
    ("fernet_key", token::fernet_key),
    ("fi_hetu", europe_north_east::fi_hetu),
    ("fr_nir", europe_west::fr_nir),
    ("fr_siren", europe_west::fr_siren),
    ("generated", token::generated),
    ("gr_amka", europe_west::gr_amka),
    ("gtin", technical::gtin),
    ("hk_hkid", asia_pacific::hk_hkid),
    ("hr_oib", europe_north_east::hr_oib),
    ("hu_taj", europe_north_east::hu_taj),
    ("iban", financial::iban),
    ("iccid", network::iccid),
    ("icd10", health::icd10),
    ("ie_pps", europe_west::ie_pps),
    ("il_id", asia_pacific::il_id),
    ("imei", network::imei),
    ("imsi", network::imsi),
    ("in_aadhaar", asia_pacific::in_aadhaar),
    ("in_pan", asia_pacific::in_pan),
    ("ipv4", network::ipv4),
    ("ipv6", network::ipv6),
    ("is_kennitala", europe_north_east::is_kennitala),
    ("isbn", technical::isbn),
    ("isin", technical::isin),
    ("it_codice_fiscale", europe_west::it_codice_fiscale),
    ("it_iva", europe_west::it_iva),
    ("jp_my_number", asia_pacific::jp_my_number),
    ("jwt", token::jwt),
    ("key_32_bytes", token::key_32_bytes),
    ("kr_rrn", asia_pacific::kr_rrn),
    ("lei", technical::lei),
    ("loinc", health::loinc),
    ("mac", network::mac),
    ("mixed", token::mixed),
    ("mrz", document::mrz),
    ("mx_clabe", financial::mx_clabe),
    ("mx_curp", americas::mx_curp),
    ("mx_rfc", americas::mx_rfc),
    ("my_nric", asia_pacific::my_nric),
    ("ndc", health::ndc),
    ("nl_bsn", europe_west::nl_bsn),
    ("no_fnr", europe_north_east::no_fnr),
    ("nz_ird", asia_pacific::nz_ird),
    ("password_hash", token::password_hash),
    ("phone_e164", contact::phone_e164),
    ("phone_national", contact::phone_national),
    ("pl_dowod", europe_north_east::pl_dowod),
    ("pl_nip", europe_north_east::pl_nip),
    ("pl_pesel", europe_north_east::pl_pesel),
    ("private_key", token::private_key),
    ("procedure_code", health::procedure_code),
    ("pt_nif", europe_west::pt_nif),
    ("pypi_token", token::pypi_token),
    ("ro_cnp", europe_north_east::ro_cnp),
    ("ru_inn", europe_north_east::ru_inn),
    ("se_personnummer", europe_north_east::se_personnummer),
    ("semantic_version", technical::semantic_version),
    ("sg_nric", asia_pacific::sg_nric),
    ("si_emso", europe_north_east::si_emso),
    ("snomed", health::snomed),
    ("th_pin", asia_pacific::th_pin),
    ("tr_tckn", europe_north_east::tr_tckn),
    ("tw_id", asia_pacific::tw_id),
    ("uk_nhs", europe_west::uk_nhs),
    ("uk_nino", europe_west::uk_nino),
    ("uk_utr", europe_west::uk_utr),
    ("us_dea", health::us_dea),
    ("us_ein", americas::us_ein),
    ("us_itin", americas::us_itin),
    ("us_mbi", health::us_mbi),
    ("us_npi", health::us_npi),
    ("us_ssn", americas::us_ssn),
    ("vin", network::vin),
    ("za_id", asia_pacific::za_id),
];

/// The validator of that name.
pub(crate) fn lookup(name: &str) -> Option<Validator> {
    let at = VALIDATORS.binary_search_by_key(&name, |(name, _)| name).ok()?;
    VALIDATORS.get(at).map(|(_, validator)| *validator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validators_are_sorted_by_name() {
        assert!(VALIDATORS.is_sorted_by(|(one, _), (next, _)| one < next));
    }

    #[test]
    fn validators_agree_with_the_oracle() {
        let vectors = include_str!("../oracle/vectors.csv");
        let mut wrong = Vec::new();
        for line in vectors.lines().skip(1) {
            let mut fields = line.split(',');
            let (Some(name), Some(number), Some(valid)) = (fields.next(), fields.next(), fields.next()) else {
                panic!("`{line}` has no three fields");
            };
            let validator = lookup(name).unwrap_or_else(|| panic!("no validator `{name}`"));
            if validator(number.as_bytes()) != (valid == "true") {
                wrong.push(line);
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn no_validator_accepts_nothing_or_panics_on_hostile_bytes() {
        let long = vec![b'9'; 4096];
        for (name, validator) in VALIDATORS {
            assert!(!validator(b""), "{name}");
            for hostile in [b"\xff\xfe".as_slice(), b"-", b"\0\0\0\0\0\0\0\0\0", "ÄÖÜß€".as_bytes(), &long] {
                let _ = validator(hostile);
            }
        }
    }
}
