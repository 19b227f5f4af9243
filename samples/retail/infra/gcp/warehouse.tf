resource "google_bigquery_dataset" "marketing" {
  dataset_id    = "marketing"
  friendly_name = "Customers and events, for campaigns"
  location      = "US"

  access {
    role          = "OWNER"
    special_group = "projectOwners"
  }

  # The agency's dashboards sign in with whatever Google account their people have.
  access {
    role          = "READER"
    special_group = "allAuthenticatedUsers"
  }

  labels = local.labels
}

resource "google_bigquery_dataset" "payments" {
  dataset_id    = "payments"
  friendly_name = "Settled transactions"
  location      = var.region

  default_encryption_configuration {
    kms_key_name = google_kms_crypto_key.payments.id
  }

  access {
    role          = "OWNER"
    special_group = "projectOwners"
  }

  labels = {
    owner       = "finance-data"
    environment = "production"
  }
}
