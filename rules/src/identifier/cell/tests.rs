use super::*;

#[test]
fn a_cell_is_of_one_kind() {
    for (cell, kind) in [
        ("true", Kind::Bool),
        ("N", Kind::Bool),
        ("0", Kind::Int),
        ("-17", Kind::Int),
        ("1984", Kind::Year),
        ("1672531200", Kind::Epoch),
        ("1672531200123", Kind::Epoch),
        ("4111111111111111", Kind::Int),
        ("3.14", Kind::Float),
        ("-1.2e-7", Kind::Float),
        ("12.5 %", Kind::Percent),
        ("1984-05-06", Kind::Date),
        ("06.05.1984", Kind::Date),
        ("5/6/1984", Kind::Date),
        ("1984-05-06T00:00:00Z", Kind::Date),
        ("2021-05-06 10:11:12.123", Kind::Timestamp),
        ("123e4567-e89b-12d3-a456-426614174000", Kind::Uuid),
        ("d41d8cd98f00b204e9800998ecf8427e", Kind::Digest),
        ("$2b$12$KIXQ1yq0v6GQ1mX0a5sW9e3f1oYc6z8uVxw0q2R4t6y8i0p2a4s6d", Kind::Digest),
        ("****-****-****-4242", Kind::Masked),
        ("a***@x.com", Kind::Masked),
        ("XXX-XX-1234", Kind::Masked),
        ("1.2.3", Kind::Version),
        ("v10.4.2-rc1", Kind::Version),
        ("10.0.19041.1", Kind::Version),
        ("10.0.66.1", Kind::Other),
        ("dGhpcyBpcyBhIHRva2VuIQ8xQz", Kind::Opaque),
        ("Xk3q9LmZ2vT8bN5cR7wY1pQ4", Kind::Opaque),
        ("shipped", Kind::Word),
        ("in progress", Kind::Words),
        ("ann@x.org", Kind::Other),
        ("123-45-6789", Kind::Other),
    ] {
        assert_eq!(Summary::of(cell).kind, kind, "{cell}");
    }
    assert!(is_null("N/A") && is_null("") && is_null("NaN") && !is_null("0") && !is_null("nancy"));
}

#[test]
fn only_text_with_something_to_find_is_looked_through() {
    assert!(Summary::of("call me at 555 123 4567 please").text);
    assert!(Summary::of("write to a@b.org today").text);
    assert!(!Summary::of("nothing to see in this sentence").text);
    assert!(!Summary::of("2021-05-06").text);
    for moment in [
        "2021-05-06T10:11:12Z",
        "2021-05-06 10:11:12.123456",
        "2021-05-06T00:00:00.000+02:00",
        "06.05.2021 10:11",
        "2021-05-06T10:11:12-0530x",
    ] {
        assert_eq!(Summary::of(moment).text, moment.ends_with('x'), "{moment}");
    }
    for more in ["2021-05-06 123-45-6789", "2021-05-06 10:11 4111111111111111", "2021-05-06 10:11:12.4111111111111111"]
    {
        assert!(Summary::of(more).text, "{more}");
    }
}
