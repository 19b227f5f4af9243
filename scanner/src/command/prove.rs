//! `aedile policy prove`.

use crate::cli::ProveArgs;

/// A build without a prover proves nothing, and says so.
#[cfg(not(feature = "prove"))]
pub(super) fn run(_: &ProveArgs, _: crate::report::Detail) -> Result<u8, miette::Report> {
    Err(miette::miette!(
        code = "aedile::prove::absent",
        help = "build it with `cargo build --release --features prove`; `aedile policy check` and `aedile policy test` need no prover",
        "not proved: this build of aedile has no prover"
    ))
}

#[cfg(feature = "prove")]
pub(super) use proving::run;

#[cfg(feature = "prove")]
mod proving {
    use std::fmt::Write as _;
    use std::path::PathBuf;
    use std::sync::Arc;

    use aedile_crawl::Leaf;
    use aedile_policies::{Answer, Claim, Policies, PolicySource, Proof, Solver};
    use miette::{IntoDiagnostic, Report};
    use serde_json::json;

    use super::ProveArgs;
    use crate::git::{self, Repository, Revision};
    use crate::report::Detail;
    use crate::run::{ScanError, policy_packs};
    use crate::terminal;

    pub(crate) fn run(args: &ProveArgs, detail: Detail) -> Result<u8, Report> {
        let here = std::path::Path::new("");
        let (controls, _) = policy_packs(&args.paths, here)?;
        let (intended, _) = policy_packs(&args.access, here)?;
        let policies = Policies::load(&controls, &intended)?;
        let solver = Solver { program: args.solver.clone(), limit: args.seconds.saturating_mul(1000) };
        let bar = terminal::progress(detail == Detail::Quiet);
        let mut proofs = policies
            .prove(&solver, args.all, &|done, all| bar.set_message(format!("{done} of {all} policies asked about")))?;
        bar.finish_and_clear();
        if let Some(reference) = &args.against {
            let before = Policies::load(&earlier(&args.paths, reference)?, &earlier(&args.access, reference)?)?;
            proofs.extend(policies.prove_no_wider(&before, &solver)?);
        }
        let text = match args.format.as_str() {
            "json" => {
                serde_json::to_string_pretty(&proofs.iter().map(entry).collect::<Vec<_>>()).into_diagnostic()? + "\n"
            }
            _ => told(&proofs, args),
        };
        terminal::print(&text).into_diagnostic()?;
        Ok(u8::from(proofs.iter().any(|proof| proof.answer != Answer::Proved)))
    }

    /// The `.cedar` files at or below `paths` as the revision `reference` has them.
    fn earlier(paths: &[PathBuf], reference: &str) -> Result<Vec<PolicySource>, Report> {
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        let repository = Repository::around(paths)?;
        let revision: Revision = repository.revision(reference)?;
        let asked: Vec<PathBuf> = paths.iter().filter_map(|path| std::fs::canonicalize(path).ok()).collect();
        let (mut leaves, _) = repository.leaves(&revision)?;
        leaves.retain(|(leaf, _)| {
            let cedar = leaf.path.extension().is_some_and(|end| end == "cedar");
            asked.iter().any(|path| leaf.path == *path || (cedar && leaf.path.parent() == Some(path)))
        });
        let mut wanted: Vec<(&mut Leaf, &str)> = leaves.iter_mut().map(|(leaf, id)| (leaf, id.as_str())).collect();
        git::fill(&repository, &revision, &mut wanted)?;
        let source = |(leaf, _): &(Leaf, String)| {
            let name = leaf.path.strip_prefix(repository.top()).unwrap_or(&leaf.path).display().to_string();
            let bytes = git::bytes(leaf).map_err(|reason| ScanError::Unreadable { path: name.clone(), reason })?;
            let text: Arc<str> = String::from_utf8_lossy(&bytes).into();
            Ok(PolicySource::new(format!("{name} at {reference}"), text))
        };
        leaves.iter().map(source).collect()
    }

    fn claim(claim: Claim) -> (&'static str, &'static str) {
        match claim {
            Claim::NeverErrors => ("never-errors", "no request makes it fail in evaluation"),
            Claim::CanMatch => ("can-match", "some request meets it"),
            Claim::NotShadowed => ("not-shadowed", "no other policy meets all that it meets"),
            Claim::CanPermit => ("can-permit", "some of what it permits is not forbidden"),
            Claim::NoWider => ("no-wider", "the intended access permits nothing new"),
            Claim::NoWeaker => ("no-weaker", "the guardrails let nothing new pass"),
        }
    }

    fn answer(answer: &Answer) -> (&'static str, &str) {
        match answer {
            Answer::Proved => ("proved", ""),
            Answer::Refuted(example) => ("refuted", example),
            Answer::NotProved(why) => ("not proved", why),
        }
    }

    fn entry(proof: &Proof) -> serde_json::Value {
        let (status, why) = answer(&proof.answer);
        json!({ "subject": proof.subject, "claim": claim(proof.claim).0, "status": status, "why": why })
    }

    fn told(proofs: &[Proof], args: &ProveArgs) -> String {
        let mut text = String::new();
        for proof in proofs {
            let (status, why) = answer(&proof.answer);
            let (_, sentence) = claim(proof.claim);
            let _ = writeln!(text, "{status:<10}  {}: {sentence}", proof.subject);
            for line in why.lines().filter(|line| !line.trim().is_empty()) {
                let _ = writeln!(text, "            {line}");
            }
        }
        if proofs.is_empty() {
            let advice = if args.all { "" } else { "; name policies, or ask for the built-in ones with `--all`" };
            let _ = writeln!(text, "there is nothing to prove{advice}");
        }
        let count = |status: &str| proofs.iter().filter(|proof| answer(&proof.answer).0 == status).count();
        let (proved, refuted, open) = (count("proved"), count("refuted"), count("not proved"));
        let _ = writeln!(text, "{proved} proved, {refuted} refuted, {open} not proved");
        if open > 0 {
            text.push_str("Where a solver is missing: install cvc5 and name it with --solver or the variable CVC5.\n");
        }
        text
    }
}
