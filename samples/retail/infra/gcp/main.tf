terraform {
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.0"
    }
  }
}

provider "google" {
  project = var.project
  region  = var.region
}

variable "project" {
  type    = string
  default = "shopfront-prod"
}

variable "region" {
  type    = string
  default = "europe-west4"
}

locals {
  labels = {
    owner       = "marketing-data"
    environment = "production"
  }
}

resource "google_kms_key_ring" "warehouse" {
  name     = "warehouse"
  location = var.region
}

resource "google_kms_crypto_key" "payments" {
  name            = "payments"
  key_ring        = google_kms_key_ring.warehouse.id
  rotation_period = "7776000s"
}
