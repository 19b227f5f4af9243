//! What is known of SQL functions by their kind. Which of them protect a value stands in the catalog of calls.

/// Functions over the rows of a group, whose result is one value.
const AGGREGATES: [&str; 74] = [
    "any_value",
    "approx_count_distinct",
    "approx_distinct",
    "approx_median",
    "approx_percentile",
    "approx_quantiles",
    "approx_top_k",
    "arbitrary",
    "arg_max",
    "arg_min",
    "argmax",
    "argmin",
    "array_agg",
    "array_concat_agg",
    "array_union_agg",
    "array_unique_agg",
    "avg",
    "bit_and",
    "bit_or",
    "bool_and",
    "bool_or",
    "checksum_agg",
    "collect_list",
    "collect_set",
    "corr",
    "count",
    "count_big",
    "count_if",
    "countif",
    "covar_pop",
    "covar_samp",
    "every",
    "first",
    "group_concat",
    "grouping",
    "histogram",
    "hll",
    "json_agg",
    "json_arrayagg",
    "json_group_array",
    "json_object_agg",
    "json_objectagg",
    "jsonb_agg",
    "jsonb_object_agg",
    "kurtosis",
    "last",
    "list",
    "listagg",
    "logical_and",
    "logical_or",
    "max",
    "max_by",
    "mean",
    "median",
    "min",
    "min_by",
    "minhash",
    "mode",
    "object_agg",
    "percentile",
    "percentile_approx",
    "percentile_cont",
    "percentile_disc",
    "product",
    "quantile",
    "quantile_cont",
    "regr_slope",
    "skewness",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "string_agg",
    "sum",
    "variance",
];

/// Whether the function gives one value for the rows of a group.
pub(super) fn is_aggregate(name: &str) -> bool {
    AGGREGATES.binary_search(&name).is_ok()
        || matches!(name, "var_pop" | "var_samp" | "sum_if" | "sumif" | "xmlagg" | "stdev" | "stdevp" | "var" | "varp")
}

/// Which of the arguments only decide which value it is: the numbers of those from 0, for that many arguments.
pub(super) fn deciding(name: &str, count: usize) -> Vec<usize> {
    match name {
        "if" | "iff" | "iif" | "nvl2" | "choose" => vec![0],
        "nullif" | "nullifzero" if count > 1 => vec![1],
        // `decode(value, search, result, …, default)`; with two arguments it turns text into bytes or back.
        "decode" if count > 2 => {
            let mut at = vec![0];
            at.extend((1..count).step_by(2).filter(|at| at + 1 < count));
            at
        }
        // `arg_max(value, by)`
        "arg_max" | "arg_min" | "argmax" | "argmin" | "max_by" | "min_by" => vec![1],
        _ => Vec::new(),
    }
}

/// Whether bare words of the units of time are units in the function's arguments, and no columns.
pub(super) fn takes_units(name: &str) -> bool {
    matches!(
        name,
        "date_add"
            | "date_diff"
            | "date_part"
            | "date_sub"
            | "date_trunc"
            | "dateadd"
            | "datediff"
            | "datediff_big"
            | "datename"
            | "datepart"
            | "datetime_add"
            | "datetime_diff"
            | "datetime_sub"
            | "datetime_trunc"
            | "datetrunc"
            | "last_day"
            | "time_add"
            | "time_diff"
            | "time_slice"
            | "time_sub"
            | "time_trunc"
            | "timeadd"
            | "timediff"
            | "timestamp_add"
            | "timestamp_diff"
            | "timestamp_sub"
            | "timestamp_trunc"
            | "timestampadd"
            | "timestampdiff"
            | "trunc"
    )
}

/// Units of time.
pub(super) fn is_unit(word: &str) -> bool {
    matches!(
        word,
        "century"
            | "d"
            | "day"
            | "dayofweek"
            | "dayofyear"
            | "days"
            | "dd"
            | "decade"
            | "dow"
            | "doy"
            | "epoch"
            | "h"
            | "hh"
            | "hour"
            | "hours"
            | "iso_week"
            | "isoweek"
            | "isoyear"
            | "mi"
            | "microsecond"
            | "millennium"
            | "millisecond"
            | "minute"
            | "minutes"
            | "mm"
            | "month"
            | "months"
            | "ms"
            | "n"
            | "nanosecond"
            | "q"
            | "qq"
            | "quarter"
            | "s"
            | "second"
            | "seconds"
            | "ss"
            | "week"
            | "weekday"
            | "weeks"
            | "ww"
            | "wk"
            | "year"
            | "years"
            | "yy"
            | "yyyy"
    )
}

/// Words that are values of their own where no column has the name.
pub(super) fn is_niladic(word: &str) -> bool {
    matches!(
        word,
        "current_catalog"
            | "current_date"
            | "current_role"
            | "current_schema"
            | "current_time"
            | "current_timestamp"
            | "current_user"
            | "default"
            | "level"
            | "localtime"
            | "localtimestamp"
            | "rownum"
            | "session_user"
            | "sysdate"
            | "systimestamp"
            | "sysdatetime"
            | "user"
    )
}

/// Ordered-set functions, whose value is what `WITHIN GROUP` orders by.
pub(super) fn orders_its_value(name: &str) -> bool {
    matches!(name, "mode" | "median" | "percentile_cont" | "percentile_disc" | "approx_percentile")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(AGGREGATES.is_sorted());
        assert!(is_aggregate("count") && is_aggregate("variance") && !is_aggregate("coalesce"));
    }

    #[test]
    fn a_decode_compares_every_other_argument() {
        assert_eq!(deciding("decode", 6), [0, 1, 3]);
        assert_eq!(deciding("decode", 5), [0, 1, 3]);
        assert!(deciding("decode", 2).is_empty());
    }
}
