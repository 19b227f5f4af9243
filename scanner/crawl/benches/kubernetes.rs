//! What it costs to crawl YAML: manifests of Kubernetes as a platform team writes them, in two hundred files, and the
//! same objects as one long file.
//!
//! Wanted: text at 15 MB/s and more, of one core (`RAYON_NUM_THREADS=1`).

use std::hint::black_box;

use aedile_crawl::{File, Options, crawl_files};
use aedile_rules::Rules;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What one service is made of: five objects.
const SERVICE: &str = r#"---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: NAME
  namespace: SPACE
  annotations:
    eks.amazonaws.com/role-arn: arn:aws:iam::123456789012:role/NAME
---
# Serves predictions to the portal.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: NAME
  namespace: SPACE
  labels: {app: NAME, team: platform}
spec:
  replicas: 3
  selector:
    matchLabels: {app: NAME}
  template:
    metadata:
      labels:
        app: NAME
        team: platform
    spec:
      serviceAccountName: NAME
      securityContext:
        runAsNonRoot: true
        seccompProfile: {type: RuntimeDefault}
      containers:
        - name: server
          image: registry.example.org/NAME:1.4.2
          args: ["--port=8080", "--model=s3://models/NAME"]
          ports:
            - name: http
              containerPort: 8080
          env:
            - name: LOG_LEVEL
              value: info
            - name: DATABASE_PASSWORD
              valueFrom:
                secretKeyRef:
                  name: NAME
                  key: password
          resources:
            requests: {cpu: 500m, memory: 1Gi}
            limits:
              cpu: "2"
              memory: 4Gi
          readinessProbe:
            httpGet:
              path: /ready
              port: http
            periodSeconds: 10
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: ["ALL"]
          volumeMounts:
            - name: cache
              mountPath: /var/cache
      volumes:
        - name: cache
          emptyDir: {}
---
apiVersion: v1
kind: Service
metadata:
  name: NAME
  namespace: SPACE
spec:
  selector:
    app: NAME
  ports:
    - name: http
      port: 80
      targetPort: http
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: NAME
  namespace: SPACE
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: view
subjects:
  - kind: ServiceAccount
    name: NAME
    namespace: SPACE
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: NAME
  namespace: SPACE
spec:
  podSelector:
    matchLabels:
      app: NAME
  policyTypes: ["Ingress"]
  ingress:
    - from:
        - podSelector:
            matchLabels:
              role: portal
      ports:
        - port: 8080
"#;

fn service(at: usize) -> String {
    SERVICE.replace("NAME", &format!("service-{at}")).replace("SPACE", &format!("space-{}", at % 10))
}

fn folder() -> Vec<File> {
    let files = (0..200).map(|at| File::in_memory(&format!("deploy/service-{at:03}.yaml"), &service(at)));
    files.collect()
}

fn whole() -> Vec<File> {
    let text: String = (0..200).map(service).collect();
    vec![File::in_memory("deploy/all.yaml", &text)]
}

fn benches(bench: &mut Criterion) {
    let Ok(rules) = Rules::load(&[]) else { return };
    let options = Options::default();
    let mut group = bench.benchmark_group("kubernetes");
    group.sample_size(10);
    for (name, files) in [("200 files", folder()), ("one file", whole())] {
        let crawl = crawl_files(&files, &options, &rules);
        assert!(crawl.inventory.assets.len() >= 400, "{name}: {} assets", crawl.inventory.assets.len());
        group.throughput(Throughput::Bytes(files.iter().map(|file| file.size).sum()));
        group.bench_function(name, |b| b.iter(|| crawl_files(black_box(&files), &options, &rules)));
    }
    group.finish();
}

criterion_group!(kubernetes, benches);
criterion_main!(kubernetes);
