# Events from the shop and the nightly CRM extract.

# aedile:allow store-access-logged reason="log sink is being moved to the audit project" until=2024-06-30 by=marketing-data
resource "google_storage_bucket" "landing" {
  name     = "shopfront-landing"
  location = upper(var.region)

  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age = 395
    }
  }

  labels = local.labels
}

resource "google_service_account" "ingest" {
  account_id   = "event-ingest"
  display_name = "Loads events into the warehouse"
}

resource "google_storage_bucket_iam_member" "ingest" {
  bucket = google_storage_bucket.landing.name
  role   = "roles/storage.objectViewer"
  member = "serviceAccount:${google_service_account.ingest.email}"
}
