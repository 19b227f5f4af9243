//! Policies in JSON, and who they let in.

use super::*;

#[test]
fn heredoc_policies_with_references_reach_their_bucket() {
    let facts = facts(
        r#"
        resource "aws_s3_bucket" "b" {}
        resource "aws_iam_role" "r" { name = "r" }
        resource "aws_iam_role_policy" "p" {
          role   = aws_iam_role.r.id
          policy = <<-EOT
            {
              "Statement": [{
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:PutObject"],
                "Resource": "${aws_s3_bucket.b.arn}/*",
                "Condition": {"StringEquals": {"aws:PrincipalTag/team": "x"}}
              }]
            }
          EOT
        }
        "#,
    );
    let lines: Vec<String> = facts.links.iter().map(line).collect();
    assert_eq!(lines, ["grants Role:aws_iam_role.r -> Bucket:aws_s3_bucket.b [read write] conditioned"]);
}

#[test]
fn unknown_policies_make_rights_unknown_and_a_gap() {
    let facts = facts(
        "variable \"p\" {}\nresource \"aws_iam_role\" \"r\" { name = \"r\" }\nresource \"aws_iam_role_policy\" \"p\" {\n role = aws_iam_role.r.id\n policy = var.p\n}\n",
    );
    assert!(matches!(asset(&facts, "aws_iam_role.r").value("adminWildcard"), Some(Value::Unknown(_))));
    assert_eq!(facts.gaps[0].kind, GapKind::Unresolved);
}

#[test]
fn own_accounts_are_not_foreign() {
    let text = |own: &str| {
        format!(
            "provider \"aws\" {{ {own} }}\nresource \"aws_iam_role\" \"r\" {{\n assume_role_policy = jsonencode({{Statement = [{{Effect = \"Allow\", Principal = {{AWS = \"111122223333\"}}, Action = \"sts:AssumeRole\"}}]}})\n}}\n"
        )
    };
    let foreign = "member-of Role?arn:aws:iam::111122223333:root -> Role:aws_iam_role.r crossAccount";
    assert_eq!(line(&facts(&text("")).links[0]), foreign);
    assert_eq!(
        format!("{} crossAccount", line(&facts(&text("allowed_account_ids = [\"111122223333\"]")).links[0])),
        foreign
    );
}

#[test]
fn irsa_trust_lets_a_service_account_in() {
    let facts = facts(
        "resource \"aws_iam_role\" \"r\" {\n assume_role_policy = jsonencode({Statement = [{Effect = \"Allow\", Principal = {Federated = \"arn:aws:iam::111122223333:oidc-provider/x\"}, Action = \"sts:AssumeRoleWithWebIdentity\", Condition = {StringEquals = {\"x:sub\" = \"system:serviceaccount:serving:runner\"}}}]})\n}\n",
    );
    assert_eq!(line(&facts.links[0]), "member-of ServiceAccount?serving/runner -> Role:aws_iam_role.r conditioned");
}
