//! How surprising a pass rate is, in whole bits and without floats: the same on every machine.

/// `log2(x)` in units of 2⁻¹⁶, rounded down, by repeated squaring. `x` = 0 counts as 1.
pub(crate) fn log2_fixed(x: u64) -> u64 {
    let x = x.max(1);
    let whole = 63 - u64::from(x.leading_zeros());
    // The mantissa in [1, 2) with 32 fractional bits.
    let mut mantissa = if whole >= 32 { x >> (whole - 32) } else { x << (32 - whole) };
    let mut fraction = 0;
    for _ in 0..16 {
        let square = (u128::from(mantissa) * u128::from(mantissa)) >> 32;
        fraction <<= 1;
        mantissa = if square >> 33 != 0 {
            fraction |= 1;
            u64::try_from(square >> 1).unwrap_or(u64::MAX)
        } else {
            u64::try_from(square).unwrap_or(u64::MAX)
        };
    }
    (whole << 16) | fraction
}

/// How many bits of surprise there are in `hits` of `of` draws when chance gives `chance_permille`
/// of a thousand: chance does as well in at most one of 2^bits columns.
///
/// The Chernoff bound of the binomial upper tail, `of · KL(hits/of ‖ chance)` (Hoeffding 1963,
/// theorem 1). 0 when the rate is not above chance.
pub(crate) fn surprise_bits(hits: u64, of: u64, chance_permille: u32) -> u32 {
    let chance = u64::from(chance_permille.max(1));
    let hits = hits.min(of);
    if of == 0 || chance >= 1000 || u128::from(hits) * 1000 <= u128::from(of) * u128::from(chance) {
        return 0;
    }
    let misses = of - hits;
    let term = |part: u64, share: u64| -> i128 {
        if part == 0 {
            return 0;
        }
        let ratio =
            i128::from(log2_fixed(part.saturating_mul(1000))) - i128::from(log2_fixed(of.saturating_mul(share)));
        i128::from(part) * ratio
    };
    let bits = (term(hits, chance) + term(misses, 1000 - chance)) >> 16;
    u32::try_from(bits.max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_exact_at_powers_and_close_between() {
        assert_eq!(log2_fixed(1), 0);
        assert_eq!(log2_fixed(1 << 20), 20 << 16);
        for x in [3_u64, 10, 1000, 123_456_789, u64::MAX / 3] {
            let exact = (x as f64).log2() * 65536.0;
            assert!((log2_fixed(x) as f64 - exact).abs() < 2.0, "{x}");
        }
    }

    #[test]
    fn three_cells_prove_nothing_and_a_thousand_prove_everything() {
        assert_eq!(surprise_bits(3, 3, 100), 9);
        assert!(surprise_bits(1000, 1000, 100) > 3000);
        assert_eq!(surprise_bits(100, 1000, 100), 0);
        assert!(surprise_bits(120, 1000, 100) < 7);
        assert_eq!(surprise_bits(9, 10, 890), 0);
        assert_eq!(surprise_bits(5, 5, 1000), 0);
        assert_eq!(surprise_bits(0, 0, 1), 0);
    }
}
