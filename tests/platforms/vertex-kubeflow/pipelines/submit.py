from google.cloud import aiplatform

aiplatform.init(project="bank-fraud", location="europe-west3", encryption_spec_key_name="projects/p/locations/europe-west3/keyRings/r/cryptoKeys/k")
job = aiplatform.PipelineJob(display_name="fraud", template_path="fraud.yaml", enable_caching=False)
job.submit(service_account="trainer@bank-fraud.iam.gserviceaccount.com")
