//! `aedile gaps`.

use std::path::{Path, PathBuf};

use aedile_audit::Ledger;
use aedile_policies::{Framework, PolicySource};
use miette::{IntoDiagnostic, Report, miette};

use super::scan::{clock, threshold};
use crate::cli::GapsArgs;
use crate::config::Loaded;
use crate::gaps::{Asked, gaps, markdown, text};
use crate::record::{self, Run};
use crate::run::{Judges, judges, policy_packs, texts};
use crate::{ledger, terminal};

pub(super) fn run(args: &GapsArgs) -> Result<u8, Report> {
    let loaded = Loaded::find(args.config.as_deref(), &[PathBuf::from(".")])?;
    let (as_of, _) = clock(args.as_of.as_deref())?;
    let threshold = threshold(args.fail_on.as_deref().or(loaded.config.fail_on.as_deref()))?;
    let strict = args.strict || loaded.config.strict;
    let (framework, judges) = law(args, &loaded)?;
    let run = recorded(args)?;
    // Cedar's frames are large in debug builds.
    let pool = rayon::ThreadPoolBuilder::new()
        .stack_size(16 << 20)
        .build()
        .map_err(|error| miette!("the threads cannot be started: {error}"))?;
    let answer = pool.install(|| gaps(&run, &framework, &judges, Asked { as_of, threshold, strict }))?;
    let shown = match args.format.as_str() {
        "json" => serde_json::to_string_pretty(&answer).into_diagnostic()? + "\n",
        "markdown" => markdown(&answer),
        _ => text(&answer),
    };
    terminal::print(&shown).into_diagnostic()?;
    Ok(answer.outcome.exit_code())
}

/// The framework that was asked for, and what judges by it.
fn law(args: &GapsArgs, loaded: &Loaded) -> Result<(Framework, Judges), Report> {
    let folder = loaded.folder();
    let (mut controls, mut frameworks) = policy_packs(&loaded.config.policies, &folder)?;
    let (intended, _) = policy_packs(&loaded.config.access, &folder)?;
    let (own, more) = policy_packs(&args.policy, Path::new(""))?;
    controls.extend(own);
    frameworks.extend(more);
    let asked = Path::new(&args.framework);
    let file = asked.extension().is_some_and(|end| end == "yaml" || end == "yml");
    let id = if file {
        let (name, text) = texts(&[asked.to_path_buf()], Path::new(""), &[])?.pop().unwrap_or_default();
        let source = PolicySource::new(name, text);
        let id = Framework::parse(&source)?.id;
        frameworks.push(source);
        id
    } else {
        args.framework.clone()
    };
    let judges = judges(&controls, &intended, &frameworks)?;
    let found = judges.frameworks.iter().find(|framework| framework.id == id).cloned();
    let framework = found.ok_or_else(|| {
        let known: Vec<&str> = judges.frameworks.iter().map(|framework| framework.id.as_str()).collect();
        miette!(
            code = "aedile::gaps::framework",
            help = format!("use one of {}, or name a framework's file", known.join(", ")),
            "there is no framework `{id}`"
        )
    })?;
    Ok((framework, judges))
}

fn recorded(args: &GapsArgs) -> Result<Run, Report> {
    let Some(file) = &args.from else {
        let ledger = Ledger::open(&args.ledger).map_err(super::log::ledger_error)?;
        let run = ledger::recorded(&ledger, &args.run).map_err(super::log::ledger_error)?;
        return run.ok_or_else(|| super::report::unknown_run(&args.ledger, &args.run));
    };
    let refused = |reason: String| {
        miette!(
            code = "aedile::gaps::report",
            help = "`aedile scan --format json=FILE` writes one",
            "`{}` is not the JSON report of a run: {reason}",
            file.display()
        )
    };
    let text = std::fs::read(file).map_err(|error| refused(error.to_string()))?;
    let run: Run = serde_json::from_slice(&text).map_err(|error| refused(error.to_string()))?;
    if run.schema != record::SCHEMA {
        return Err(refused(format!("its schema is `{}`, not `{}`", run.schema, record::SCHEMA)));
    }
    Ok(run)
}
