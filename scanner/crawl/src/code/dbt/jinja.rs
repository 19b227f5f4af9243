//! Jinja in the files of dbt projects, rendered here: every part of the result knows where it stands.

mod expression;
mod native;
mod project;
mod render;
mod template;
mod value;

use std::sync::Arc;

pub(super) use project::{Library, Project};
pub(super) use render::Output;

/// `text`, the file at `path`, as dbt would render it on a full build of the model `this`. `columns` gives the columns
/// of tables that are known, in order.
pub(super) fn rendered(
    project: &Project,
    library: &Library,
    columns: &dyn Fn(&str) -> Option<Vec<String>>,
    this: &str,
    path: &Arc<str>,
    text: &Arc<str>,
) -> Output {
    let nodes = template::parse(text);
    // Macros of the file itself are known in it.
    let mut own = Library::default();
    own.add(path, text);
    let joined = own.with(library);
    let mut renderer = render::Renderer::new(project, &joined, columns, this, path, text);
    renderer.nodes(&nodes);
    renderer.output
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(text: &str, macros: &str) -> Output {
        let mut library = Library::default();
        library.add(&"macros/m.sql".into(), &macros.into());
        let columns = |name: &str| (name == "users").then(|| ["id", "email", "ssn"].map(str::to_owned).to_vec());
        rendered(&Project::default(), &library, &columns, "me", &"m.sql".into(), &text.into())
    }

    fn shown(text: &str) -> (String, usize) {
        let output = output(text, "");
        (output.text.split_whitespace().collect::<Vec<_>>().join(" "), output.gaps.len())
    }

    #[test]
    fn names_of_models_and_sources_are_tables() {
        assert_eq!(shown("select * from {{ ref('Stg_Users') }} u"), ("select * from stg_users u".into(), 0));
        assert_eq!(shown("select * from {{ source('app', 'users') }}"), ("select * from app.users".into(), 0));
        assert_eq!(shown("select * from {{ ref('a', v=2) }}, {{ this }}"), ("select * from a_v2, me".into(), 0));
    }

    #[test]
    fn incremental_filters_and_configuration_vanish() {
        let text = "{{ config(materialized='table') }}\nselect a from t {% if is_incremental() %} where x > (select max(x) from {{ this }}) {% endif %}";
        assert_eq!(shown(text), ("select a from t".into(), 0));
        assert_eq!(output(text, "").config.get("materialized").map(String::as_str), Some("table"));
    }

    #[test]
    fn loops_sets_and_filters_are_carried_out() {
        let text = "{% set cols = ['a', 'b'] %}select {% for c in cols %}sum({{ c }}) as {{ c | upper }}{% if not loop.last %}, {% endif %}{% endfor %} from t";
        assert_eq!(shown(text), ("select sum(a) as A, sum(b) as B from t".into(), 0));
        let text = "{% set found = [] %}{% for c in ['x', 'y'] %}{% do found.append(c ~ '_h') %}{% endfor %}{{ found | join(', ') }}";
        assert_eq!(shown(text), ("x_h, y_h".into(), 0));
        assert_eq!(shown("{%- set ns = namespace(n=1) -%}{% set ns.n = ns.n + 1 %}{{ ns.n }}"), ("2".into(), 0));
    }

    #[test]
    fn macros_take_arguments_and_defaults_and_may_return() {
        let macros = "{% macro hash(c, bits=256) %}sha2({{ c }}, {{ bits }}){% endmacro %}{% macro two() %}{{ return(['a', 'b']) }}{% endmacro %}{% macro default__mine(c) %}md5({{ c }}){% endmacro %}";
        let output =
            output("select {{ hash('email') }}, {{ hash(bits=512, c='x') }}, {{ two()[1] }}, {{ mine('z') }}", macros);
        assert_eq!(output.text, "select sha2(email, 256), sha2(x, 512), b, md5(z)");
        assert!(output.gaps.is_empty(), "{:?}", output.gaps);
    }

    #[test]
    fn a_part_of_the_result_knows_its_place() {
        let text = "select {{ ref('long_model_name') }}.a from t";
        let output = output(text, "");
        let at = output.text.find(".a").unwrap();
        let place = output.offsets.place(at, at + 2).unwrap();
        assert_eq!(text.get(place.span.start as usize..place.span.end as usize), Some(".a"));
        let place = output.offsets.place(9, 12).unwrap();
        assert_eq!(text.get(place.span.start as usize..place.span.end as usize), Some("{{ ref('long_model_name') }}"));
    }

    #[test]
    fn macros_of_dbt_utils_are_known() {
        assert_eq!(
            shown("select {{ dbt_utils.star(from=ref('users'), except=['ssn'], relation_alias='u') }} from t"),
            ("select u.id, u.email from t".into(), 0)
        );
        assert_eq!(shown("{{ dbt_utils.star(from=ref('x'), except=['a']) }}"), ("* exclude (a)".into(), 0));
        assert_eq!(shown("{{ dbt_utils.generate_surrogate_key(['a', 'b']) }}"), ("md5(a || '-' || b)".into(), 0));
        assert_eq!(shown("{{ dbt_utils.group_by(n=2) }}"), ("group by 1, 2".into(), 0));
        assert_eq!(
            shown("{{ dbt_utils.union_relations(relations=[ref('users'), ref('b')]) }}"),
            ("(select id, email, ssn from users union all select * from b)".into(), 0)
        );
    }

    #[test]
    fn what_needs_a_database_or_a_missing_package_is_a_gap() {
        for text in [
            "select {{ codegen.base('x') }} from t",
            "{% for x in run_query('select 1') %}{{ x }}{% endfor %}",
            "{% if target.name == 'prod' %}a{% else %}b{% endif %}",
            "{{ env_var('SECRET') }}",
            "select a from t {{ ref('x'",
            "{% endif %}",
        ] {
            assert_eq!(shown(text).1, 1, "{text}: {:?}", output(text, "").gaps);
        }
        assert_eq!(shown("select {{ f('x') }} from t").0, "select _ from t");
    }

    #[test]
    fn loops_and_macros_without_end_are_cut_and_told() {
        let macros = "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}";
        let endless = output("{{ a() }}", macros);
        assert!(endless.gaps.iter().any(|gap| gap.kind == aedile_model::GapKind::Limit), "{:?}", endless.gaps);
        let nested = "{% for a in range(9999) %}{% for b in range(9999) %}{{ a * b }}{% endfor %}{% endfor %}";
        let cut = output(nested, "");
        assert!(cut.gaps.iter().any(|gap| gap.kind == aedile_model::GapKind::Limit));
        assert!(cut.text.len() < 20 << 20);
        let blocks = "{% if a %}".repeat(3_000);
        assert!(!output(&blocks, "").gaps.is_empty());
    }

    #[test]
    fn values_that_double_are_cut_and_told() {
        for (start, step) in [
            ("'aaaaaaaaaa'", "{% set x = x ~ x %}"),
            ("'aaaaaaaaaa'", "{% set x = '{}{}'.format(x, x) %}"),
            ("'aaaaaaaaaa'", "{% set x = x.replace('a', 'aaaaaaaaaa') %}"),
            ("'aaaaaaaaaa'", "{% set x = [x, x, x] | join(x) %}"),
            ("'aaaaaaaaaa'", "{% set x %}{{ x }}{{ x }}{% endset %}"),
            ("['a']", "{% set x = x + x %}"),
            ("['a']", "{% set x = [x, x] %}"),
            ("['a']", "{% do x.append(x) %}"),
            ("['a']", "{% do x.extend(x) %}"),
            ("{'a': 'a'}", "{% set x = {'a': x, 'b': x} %}"),
            ("{'a': 'a'}", "{% do x.update({'b': x, 'c': x}) %}"),
        ] {
            let text = format!("{{% set x = {start} %}}{}{{{{ x }}}}", step.repeat(24));
            let output = output(&text, "");
            assert!(output.text.len() < 8 << 20, "{step}");
            assert!(!output.gaps.is_empty(), "{step}");
        }
        let deep = "{% set n = namespace(x=[]) %}{% for i in range(9999) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x }}";
        assert!(output(deep, "").gaps.iter().any(|gap| gap.kind == aedile_model::GapKind::Limit));
    }

    #[test]
    fn snapshots_are_texts_of_their_own() {
        let output = output("{% snapshot users_history %}select * from {{ ref('users') }}{% endsnapshot %}", "");
        let (name, inner) = output.snapshots.first().unwrap();
        assert_eq!((name.as_str(), inner.text.as_str()), ("users_history", "select * from users"));
    }
}
