//! What a crawler is, and the table of all of them.

use std::sync::Arc;

use aedile_rules::Rules;
use rayon::prelude::*;

use crate::fix::{Asked, Repairing};
use crate::{Facts, File, Kept};

/// What `resolve` may look at beside the files.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    /// The rules in force.
    pub(crate) rules: &'a Rules,
    /// The limits in force and the values given for variables.
    pub(crate) options: &'a crate::Options,
    /// Every file that was read, for references by path. Empty in `parse`, which sees one file and nothing else.
    pub(crate) files: &'a [File],
    /// The assets that patches are asked for; `None` in an ordinary crawl.
    pub(crate) asked: Option<&'a Arc<Asked>>,
    /// What earlier crawls found; `None` where nothing is kept.
    pub(crate) kept: Option<&'a Kept>,
}

impl<'a> Context<'a> {
    /// A context without other files.
    pub(crate) fn new(rules: &'a Rules, options: &'a crate::Options) -> Context<'a> {
        Context { rules, options, files: &[], asked: None, kept: None }
    }

    /// Facts to begin with, which know what is asked for.
    pub(crate) fn facts(&self) -> Facts {
        let repairing = Repairing { asked: self.asked.cloned(), offers: Vec::new() };
        Facts { repairing, ..Facts::default() }
    }
}

/// A reader of one family of files.
pub(crate) trait Crawler {
    /// What `parse` gives: facts of one file, places included, nothing of other files.
    type Parsed: Send;

    /// Whether the crawler reads this file. By name and, where names do not tell, by content.
    fn claims(file: &File) -> bool;

    /// Facts of one file. Pure: no clock, no environment, no disk beyond [`File`] itself. Never fails:
    /// what does not parse is a gap inside the result.
    fn parse(file: &File, context: Context<'_>) -> Self::Parsed;

    /// Facts of all files this crawler parsed, sorted by path.
    fn resolve(parsed: Vec<(&File, Self::Parsed)>, context: Context<'_>, facts: &mut Facts);
}

/// Runs the crawler `C` over those of `files` that it claims and gives their indices.
pub(crate) fn run<C: Crawler>(files: &[File], context: Context<'_>, facts: &mut Facts) -> Vec<usize> {
    let (claimed, parsed): (Vec<usize>, Vec<(&File, C::Parsed)>) = files
        .par_iter()
        .enumerate()
        .filter(|(_, file)| C::claims(file))
        .map(|(at, file)| (at, (file, C::parse(file, context))))
        .unzip();
    C::resolve(parsed, Context { files, ..context }, facts);
    claimed
}

/// A line of [`CRAWLERS`]: the name in the coverage report and the function that runs it.
pub(crate) type Line = (&'static str, fn(&[File], Context<'_>, &mut Facts) -> Vec<usize>);

/// Every crawler, sorted by name. A new one is one file and one line here.
pub(crate) const CRAWLERS: &[Line] = &[
    ("airflow", run::<crate::iac::airflow::Airflow>),
    ("arm", run::<crate::iac::arm::Arm>),
    ("card", run::<crate::card::Cards>),
    ("cloudformation", run::<crate::iac::cloudformation::CloudFormation>),
    ("code", run::<crate::code::Code>),
    ("containers", run::<crate::iac::compose::Compose>),
    ("databricks bundle", run::<crate::iac::bundle::Bundles>),
    ("dataset", run::<crate::data::Datasets>),
    ("feast", run::<crate::iac::feast::FeatureStores>),
    ("fides", run::<crate::iac::fides::Fides>),
    ("kubernetes", run::<crate::iac::kubernetes::Kubernetes>),
    ("pulumi", run::<crate::iac::pulumi::Pulumi>),
    ("secrets", run::<crate::secrets::Secrets>),
    ("terraform", run::<crate::iac::terraform::Terraform>),
    ("text", run::<crate::texts::Texts>),
    ("warehouse profiles", run::<crate::iac::dbt_profiles::Profiles>),
    ("workflow", run::<crate::iac::delivery::Workflows>),
];
