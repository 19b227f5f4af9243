//! The revision that a change is compared with.

use super::{GitError, Repository};

/// A commit to compare with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// As it was asked for.
    pub reference: String,
    /// The commit: where this branch left the reference, the reference itself where they share no history.
    pub commit: String,
    /// Its tree.
    pub tree: String,
}

/// The revision that the environment of a pull or merge request names, by `variable`: GitHub's GITHUB_BASE_REF,
/// GitLab's CI_MERGE_REQUEST_DIFF_BASE_SHA or CI_MERGE_REQUEST_TARGET_BRANCH_NAME.
pub fn default_reference(variable: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    set("GITHUB_BASE_REF")
        .or_else(|| set("CI_MERGE_REQUEST_DIFF_BASE_SHA"))
        .or_else(|| set("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"))
}

impl Repository {
    /// The revision to compare with: the merge base of `reference` and what is checked out.
    ///
    /// A name of a branch that is only known as the remote's is taken from `origin`.
    ///
    /// # Errors
    /// There is no such revision, or the history is cut off before the common ancestor.
    pub fn revision(&self, reference: &str) -> Result<Revision, GitError> {
        let named = self.commit_of(reference)?;
        if named.is_none() && reference == "HEAD" {
            return self.nothing();
        }
        let theirs = match named {
            Some(commit) => commit,
            None => self.commit_of(&format!("origin/{reference}"))?.ok_or_else(|| self.unknown(reference))?,
        };
        let head = self.commit_of("HEAD")?;
        let base = match &head {
            Some(head) => self.word(&["merge-base", head, &theirs])?,
            None => None,
        };
        let commit = match base {
            Some(base) => base,
            None if head.is_some() && self.is_shallow()? => {
                return Err(GitError::Shallow { reference: reference.to_owned() });
            }
            None => theirs,
        };
        let tree = self.word(&["rev-parse", "--verify", "--quiet", &format!("{commit}^{{tree}}")])?;
        let tree = tree.ok_or_else(|| self.unknown(reference))?;
        Ok(Revision { reference: reference.to_owned(), commit, tree })
    }

    /// What is before the first commit: an empty tree.
    fn nothing(&self) -> Result<Revision, GitError> {
        let tree = self.word(&["hash-object", "-t", "tree", "--stdin"])?.ok_or_else(|| self.unknown("HEAD"))?;
        Ok(Revision { reference: "HEAD".to_owned(), commit: tree.clone(), tree })
    }

    fn commit_of(&self, reference: &str) -> Result<Option<String>, GitError> {
        // The reference is a word of the user's: never an option.
        self.word(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{reference}^{{commit}}")])
            .map(|word| word.filter(|word| word.bytes().all(|byte| byte.is_ascii_hexdigit())))
    }

    fn is_shallow(&self) -> Result<bool, GitError> {
        Ok(self.word(&["rev-parse", "--is-shallow-repository"])?.as_deref() == Some("true"))
    }

    fn unknown(&self, reference: &str) -> GitError {
        let help = if self.is_shallow().unwrap_or(false) {
            "the clone is shallow: `git fetch --unshallow`, or `fetch-depth: 0` in actions/checkout, `GIT_DEPTH: 0` on GitLab"
                .to_owned()
        } else if self.top().join(reference).exists() {
            format!("`{reference}` is a path: write paths before `--diff`, and a branch, tag or commit after it")
        } else {
            format!("fetch it: `git fetch origin {reference}`; `git branch --all` and `git tag` list what there is")
        };
        GitError::Unknown { reference: crate::snippet::visible(reference), help }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_that_is_built_names_the_revision() {
        let given = |pairs: &'static [(&str, &str)]| {
            default_reference(&|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
        };
        assert_eq!(given(&[]), None);
        assert_eq!(given(&[("GITHUB_BASE_REF", "")]), None, "a push has it empty");
        assert_eq!(given(&[("GITHUB_BASE_REF", "main")]).as_deref(), Some("main"));
        let gitlab = &[("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"), ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "abc")];
        assert_eq!(given(gitlab).as_deref(), Some("abc"));
    }
}
