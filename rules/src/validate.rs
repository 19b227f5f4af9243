//! Validators: the check digits, calendars and structures behind the shapes of the packs.
//!
//! A pack names a validator; every validator takes a whole cell (or the span of a secret), drops the
//! separators it knows itself, and says whether the number can have been issued. None looks anything
//! up. `oracle/vectors.csv` holds numbers judged by python-stdnum for those it knows as well.

mod americas;
mod asia_more;
mod asia_pacific;
mod codes;
mod contact;
mod digits;
mod document;
mod eurasia;
mod europe_more;
mod europe_north_east;
mod europe_west;
mod financial;
mod health;
mod latin_america;
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
    ("au_acn", asia_more::au_acn),
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
    ("br_pis", latin_america::br_pis),
    ("br_titulo", latin_america::br_titulo),
    ("by_unp", eurasia::by_unp),
    ("ca_ohip", asia_more::ca_ohip),
    ("ca_phn", asia_more::ca_phn),
    ("ca_ramq", asia_more::ca_ramq),
    ("ca_sin", americas::ca_sin),
    ("card_number", financial::card_number),
    ("card_track", codes::card_track),
    ("cas_number", codes::cas_number),
    ("ch_ahv", europe_west::ch_ahv),
    ("ch_uid", europe_more::ch_uid),
    ("cl_rut", americas::cl_rut),
    ("cn_resident_id", asia_pacific::cn_resident_id),
    ("cn_uscc", asia_more::cn_uscc),
    ("co_nit", latin_america::co_nit),
    ("coded_object", token::coded_object),
    ("coded_private_key", token::coded_private_key),
    ("coordinate", technical::coordinate),
    ("coordinates", technical::coordinates),
    ("credit_score", technical::credit_score),
    ("cu_ni", latin_america::cu_ni),
    ("currency", technical::currency),
    ("cusip", codes::cusip),
    ("cz_rc", europe_north_east::cz_rc),
    ("date", document::date),
    ("de_ausweis", europe_west::de_ausweis),
    ("de_kvnr", europe_west::de_kvnr),
    ("de_lanr", europe_more::de_lanr),
    ("de_rvnr", europe_west::de_rvnr),
    ("de_steuer_id", europe_west::de_steuer_id),
    ("device_udi", codes::device_udi),
    ("dk_cpr", europe_north_east::dk_cpr),
    ("do_cedula", latin_america::do_cedula),
    ("ec_ci", latin_america::ec_ci),
    ("ee_ik", europe_north_east::ee_ik),
    ("eg_nid", asia_more::eg_nid),
    ("email", contact::email),
    ("epoch_millis", technical::epoch_millis),
    ("epoch_seconds", technical::epoch_seconds),
    ("es_ccc", europe_more::es_ccc),
    ("es_cif", europe_more::es_cif),
    ("es_dni", europe_west::es_dni),
    ("es_naf", europe_more::es_naf),
    ("es_nie", europe_west::es_nie),
    ("eu_vat", europe_more::eu_vat),
    ("fernet_key", token::fernet_key),
    ("fi_hetu", europe_north_east::fi_hetu),
    ("fr_nir", europe_west::fr_nir),
    ("fr_rib", europe_more::fr_rib),
    ("fr_siren", europe_west::fr_siren),
    ("fr_siret", europe_more::fr_siret),
    ("fr_spi", europe_more::fr_spi),
    ("generated", token::generated),
    ("gr_afm", europe_more::gr_afm),
    ("gr_amka", europe_west::gr_amka),
    ("gt_nit", latin_america::gt_nit),
    ("gtin", technical::gtin),
    ("hk_hkid", asia_pacific::hk_hkid),
    ("hr_oib", europe_north_east::hr_oib),
    ("hu_taj", europe_north_east::hu_taj),
    ("hu_tax", europe_more::hu_tax),
    ("iban", financial::iban),
    ("iccid", network::iccid),
    ("icd10", health::icd10),
    ("id_nik", asia_more::id_nik),
    ("id_npwp", asia_more::id_npwp),
    ("ie_pps", europe_west::ie_pps),
    ("il_id", asia_pacific::il_id),
    ("imei", network::imei),
    ("imsi", network::imsi),
    ("in_aadhaar", asia_pacific::in_aadhaar),
    ("in_epic", asia_more::in_epic),
    ("in_gstin", asia_more::in_gstin),
    ("in_pan", asia_pacific::in_pan),
    ("ipv4", network::ipv4),
    ("ipv6", network::ipv6),
    ("is_kennitala", europe_north_east::is_kennitala),
    ("isbn", technical::isbn),
    ("isin", technical::isin),
    ("issn", codes::issn),
    ("it_codice_fiscale", europe_west::it_codice_fiscale),
    ("it_iva", europe_west::it_iva),
    ("jp_corporate", asia_more::jp_corporate),
    ("jp_my_number", asia_pacific::jp_my_number),
    ("jwt", token::jwt),
    ("key_32_bytes", token::key_32_bytes),
    ("kr_brn", asia_more::kr_brn),
    ("kr_rrn", asia_pacific::kr_rrn),
    ("kz_iin", eurasia::kz_iin),
    ("lei", technical::lei),
    ("loinc", health::loinc),
    ("lt_ak", europe_north_east::ee_ik),
    ("lu_matricule", europe_more::lu_matricule),
    ("lv_pk", eurasia::lv_pk),
    ("mac", network::mac),
    ("md_idno", eurasia::md_idno),
    ("meid", codes::meid),
    ("mixed", token::mixed),
    ("mrz", document::mrz),
    ("mu_nid", asia_more::mu_nid),
    ("mx_clabe", financial::mx_clabe),
    ("mx_curp", americas::mx_curp),
    ("mx_nss", latin_america::mx_nss),
    ("mx_rfc", americas::mx_rfc),
    ("my_nric", asia_pacific::my_nric),
    ("ndc", health::ndc),
    ("nl_bsn", europe_west::nl_bsn),
    ("no_fnr", europe_north_east::no_fnr),
    ("no_kontonr", europe_more::no_kontonr),
    ("nz_ird", asia_pacific::nz_ird),
    ("nz_nhi", asia_more::nz_nhi),
    ("orcid", codes::orcid),
    ("password_hash", token::password_hash),
    ("pe_dni", latin_america::pe_dni),
    ("pe_ruc", latin_america::pe_ruc),
    ("phone_e164", contact::phone_e164),
    ("phone_national", contact::phone_national),
    ("pk_cnic", asia_more::pk_cnic),
    ("pl_dowod", europe_north_east::pl_dowod),
    ("pl_nip", europe_north_east::pl_nip),
    ("pl_pesel", europe_north_east::pl_pesel),
    ("pl_regon", europe_more::pl_regon),
    ("plus_code", codes::plus_code),
    ("private_key", token::private_key),
    ("procedure_code", health::procedure_code),
    ("pt_cc", europe_more::pt_cc),
    ("pt_nif", europe_west::pt_nif),
    ("pt_niss", europe_more::pt_niss),
    ("py_ruc", latin_america::py_ruc),
    ("pypi_token", token::pypi_token),
    ("ro_cnp", europe_north_east::ro_cnp),
    ("ru_inn", europe_north_east::ru_inn),
    ("ru_snils", eurasia::ru_snils),
    ("sa_iqama", asia_more::sa_iqama),
    ("se_orgnr", europe_more::se_orgnr),
    ("se_personnummer", europe_north_east::se_personnummer),
    ("sedol", codes::sedol),
    ("semantic_version", technical::semantic_version),
    ("sg_nric", asia_pacific::sg_nric),
    ("sg_uen", asia_more::sg_uen),
    ("si_emso", europe_north_east::si_emso),
    ("si_tax", europe_more::si_tax),
    ("snomed", health::snomed),
    ("th_pin", asia_pacific::th_pin),
    ("tr_tckn", europe_north_east::tr_tckn),
    ("tr_vkn", asia_more::tr_vkn),
    ("tw_id", asia_pacific::tw_id),
    ("tw_ubn", asia_more::tw_ubn),
    ("ua_rntrc", eurasia::ua_rntrc),
    ("uk_chi", europe_more::uk_chi),
    ("uk_driving_licence", europe_more::uk_driving_licence),
    ("uk_nhs", europe_west::uk_nhs),
    ("uk_nino", europe_west::uk_nino),
    ("uk_utr", europe_west::uk_utr),
    ("uk_vat", europe_more::uk_vat),
    ("us_dea", health::us_dea),
    ("us_ein", americas::us_ein),
    ("us_itin", americas::us_itin),
    ("us_mbi", health::us_mbi),
    ("us_npi", health::us_npi),
    ("us_ssn", americas::us_ssn),
    ("uy_ci", latin_america::uy_ci),
    ("ve_rif", latin_america::ve_rif),
    ("vin", network::vin),
    ("vn_mst", asia_more::vn_mst),
    ("za_id", asia_pacific::za_id),
];

/// Whether the validator `name` passes `cell`; `None` if there is no such validator.
///
/// For holding validators against those of others; classification asks them by itself.
#[must_use]
pub fn check(name: &str, cell: &str) -> Option<bool> {
    lookup(name).map(|validator| validator(cell.as_bytes()))
}

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
