//! Why a revision cannot be compared with.

/// Why a revision cannot be compared with.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum GitError {
    /// The program is not there.
    #[error("`git` cannot be run: {reason}")]
    #[diagnostic(code(aedile::diff::git), help("install git, or compare with a baseline: `aedile baseline create`"))]
    NoProgram {
        /// The system's words.
        reason: String,
    },
    /// No repository holds a root.
    #[error("`{path}` lies in no git repository, so there is no revision to compare with")]
    #[diagnostic(
        code(aedile::diff::repository),
        help("scan a folder of a clone, or compare with a baseline: `aedile baseline create`")
    )]
    NoRepository {
        /// The root.
        path: String,
    },
    /// The roots lie in different repositories.
    #[error("`{path}` does not lie in the same git repository as `{first}`")]
    #[diagnostic(code(aedile::diff::repository), help("scan them one at a time, each with its own `--diff`"))]
    Several {
        /// The first root.
        first: String,
        /// The other one.
        path: String,
    },
    /// No revision was named and none can be told from the environment.
    #[error("`--diff` names no revision, and no pull or merge request is being built here")]
    #[diagnostic(
        code(aedile::diff::revision),
        help(
            "name the revision: `--diff origin/main`; in a pull request GITHUB_BASE_REF or CI_MERGE_REQUEST_DIFF_BASE_SHA name it"
        )
    )]
    Unnamed,
    /// There is no such revision here.
    #[error("`{reference}` is not a revision of this repository")]
    #[diagnostic(code(aedile::diff::revision))]
    Unknown {
        /// As it was asked for.
        reference: String,
        /// What to do.
        #[help]
        help: String,
    },
    /// The history is cut off before the common ancestor.
    #[error("the clone is shallow: it does not reach back to where this branch left `{reference}`")]
    #[diagnostic(
        code(aedile::diff::shallow),
        help("deepen it: `git fetch --unshallow`, or `fetch-depth: 0` in actions/checkout, `GIT_DEPTH: 0` on GitLab")
    )]
    Shallow {
        /// As it was asked for.
        reference: String,
    },
    /// An object of the revision is not in the clone.
    #[error("the clone lacks {count} objects of `{reference}`, `{first}` among them")]
    #[diagnostic(
        code(aedile::diff::objects),
        help(
            "it is a partial clone: fetch them with `git fetch --refetch --no-filter`; nothing is fetched by aedile itself"
        )
    )]
    Objects {
        /// The revision.
        reference: String,
        /// The path of the first.
        first: String,
        /// How many.
        count: usize,
    },
    /// The program failed otherwise.
    #[error("`git {what}` failed: {reason}")]
    #[diagnostic(code(aedile::diff::git), help("run `git fsck` to see whether the repository is whole"))]
    Failed {
        /// The subcommand.
        what: String,
        /// What it said.
        reason: String,
    },
}
