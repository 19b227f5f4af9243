//! Argo workflows: every template that runs a container is a pod, and the workflow says what all of them share.
//!
//! Source: argo-workflows.readthedocs.io/en/latest/fields (WorkflowSpec, Template).

use crate::iac::datum::{Datum, Kind};
use crate::iac::path::values;

/// What a workflow says for all of its pods.
const SHARED: [&str; 6] =
    ["automountServiceAccountToken", "hostNetwork", "securityContext", "serviceAccountName", "volumes", "dnsPolicy"];

/// Whether a type is one of Argo Workflows.
pub(super) fn is_argo(type_name: &str) -> bool {
    matches!(type_name, "ClusterWorkflowTemplate" | "CronWorkflow" | "Workflow" | "WorkflowTemplate")
}

/// The pods of the templates at `paths`.
pub(super) fn pods(body: &Datum, paths: &[String]) -> Vec<Datum> {
    let mut found = Vec::new();
    for path in paths {
        let above = path.rsplit_once('.').map_or("", |(above, _)| above);
        let workflow = values(body, above).into_iter().next();
        for mut template in values(body, path) {
            let runs = ["container", "containerSet", "script", "initContainers", "sidecars"]
                .iter()
                .any(|key| template.member(key).is_some());
            let Kind::Map(map) = &mut template.kind else { continue };
            if !runs {
                continue;
            }
            for key in SHARED {
                if let Some(shared) = workflow.as_ref().and_then(|workflow| workflow.member(key)) {
                    map.members.entry(key.to_owned()).or_insert_with(|| shared.clone());
                }
            }
            let set = map.members.get("containerSet").and_then(|set| set.member("containers")).cloned();
            let more = map.members.get("sidecars").cloned();
            let containers: Vec<Datum> = set.iter().chain(&more).flat_map(Datum::items).cloned().collect();
            if !containers.is_empty() {
                map.members.insert("containers".to_owned(), Datum::from(Kind::List(containers.into())));
            }
            found.push(template);
        }
    }
    found
}
