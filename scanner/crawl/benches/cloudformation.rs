//! What it costs to crawl CloudFormation: a hundred templates, and one of the longest that the service takes.
//!
//! Wanted: 15 MB/s and more.

use std::fmt::Write;
use std::hint::black_box;

use aedile_crawl::{File, Options, crawl_files};
use aedile_rules::Rules;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const HEAD: &str = "AWSTemplateFormatVersion: 2010-09-09\nParameters:\n  Prefix: {Type: String, Default: lake}\n  Status: {Type: String, Default: Enabled}\nConditions:\n  Versioned: !Equals [!Ref Status, Enabled]\nResources:\n";

/// A key, a bucket with its policy, and a role, `count` times.
fn template(count: usize) -> String {
    let mut text = HEAD.to_owned();
    for at in 0..count {
        let _ = write!(
            text,
            r#"  Key{at}:
    Type: AWS::KMS::Key
    Properties:
      Description: !Sub "key of ${{Prefix}}-{at}"
      EnableKeyRotation: true
  Bucket{at}:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub "${{Prefix}}-${{AWS::AccountId}}-{at}"
      VersioningConfiguration:
        Status: !If [Versioned, Enabled, Suspended]
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - ServerSideEncryptionByDefault:
              SSEAlgorithm: aws:kms
              KMSMasterKeyID: !GetAtt Key{at}.Arn
      PublicAccessBlockConfiguration:
        BlockPublicAcls: true
        BlockPublicPolicy: true
        IgnorePublicAcls: true
        RestrictPublicBuckets: true
      Tags:
        - Key: owner
          Value: platform
  Policy{at}:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket{at}
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Deny
            Principal: "*"
            Action: s3:*
            Resource:
              - !GetAtt Bucket{at}.Arn
              - !Sub "${{Bucket{at}.Arn}}/*"
            Condition:
              Bool:
                aws:SecureTransport: "false"
"#
        );
    }
    text
}

fn benches(bench: &mut Criterion) {
    let Ok(rules) = Rules::load(&[]) else { return };
    let options = Options::default();
    let many = |at| File::in_memory(&format!("stack{at:03}/template.yaml"), &template(5));
    let mut group = bench.benchmark_group("cloudformation");
    group.sample_size(10);
    for (name, files) in [
        ("100 templates", (0..100).map(many).collect::<Vec<_>>()),
        ("one template of 500 resources", vec![File::in_memory("template.yaml", &template(166))]),
    ] {
        let crawl = crawl_files(&files, &options, &rules);
        assert!(crawl.inventory.assets.len() >= 300, "{name}: {} assets", crawl.inventory.assets.len());
        group.throughput(Throughput::Bytes(files.iter().map(|file| file.size).sum()));
        group.bench_function(name, |b| b.iter(|| crawl_files(black_box(&files), &options, &rules)));
    }
    group.finish();
}

criterion_group!(cloudformation, benches);
criterion_main!(cloudformation);
