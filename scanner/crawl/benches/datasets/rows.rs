//! A shop's export.

/// The columns.
pub(super) const NAMES: [&str; 10] =
    ["id", "name", "email", "phone", "birth_date", "amount", "status", "ip_address", "iban", "created_at"];

/// A row of ten columns as a shop's export has them; all but one column hold many different cells.
pub(super) fn row(n: u64) -> [String; 10] {
    let random = |salt: u64| {
        let mut x = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ salt.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x ^ (x >> 27)
    };
    let first = ["Anna", "Ben", "Carla", "David", "Elena", "Felix", "Greta", "Hugo"][(random(1) % 8) as usize];
    let last = ["Smith", "Keller", "Rossi", "Dubois", "Novak", "Jensen", "Garcia", "Sato"][(random(2) % 8) as usize];
    [
        format!("{n}"),
        format!("{first} {last}"),
        format!("{first}.{last}{}@mailbox.org", random(3) % 100_000),
        format!("+49 30 {:07}", random(4) % 10_000_000),
        format!("{}-{:02}-{:02}", 1930 + random(5) % 80, 1 + random(6) % 12, 1 + random(7) % 28),
        format!("{}.{:02}", random(8) % 1000, random(9) % 100),
        ["new", "paid", "shipped", "returned"][(random(10) % 4) as usize].to_owned(),
        format!("10.{}.{}.{}", random(11) % 256, random(12) % 256, random(13) % 256),
        format!("DE{:020}", random(14) % 100_000_000_000_000),
        format!(
            "2024-{:02}-{:02}T{:02}:{:02}:00Z",
            1 + random(15) % 12,
            1 + random(16) % 28,
            random(17) % 24,
            random(18) % 60
        ),
    ]
}
