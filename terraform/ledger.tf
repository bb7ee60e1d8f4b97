# The ledger: one Firestore database, guarded against deletion, with backups and an end for what is long over.
locals {
  # Collections whose rows bear updated_at, so that they can be deleted when it is long past. Lanes and incidents bear none and stay.
  aging_collections = toset(["dead_letters", "releases"])
  # The record's text is read whole and never searched: an index on it costs a write and fails above 1,500 bytes.
  ledger_collections = toset(["dead_letters", "incidents", "lanes", "releases"])
}

resource "google_firestore_database" "ledger" {
  project                           = var.project_id
  name                              = var.ledger.database
  location_id                       = coalesce(var.ledger.location, var.location)
  type                              = "FIRESTORE_NATIVE"
  concurrency_mode                  = "OPTIMISTIC"
  delete_protection_state           = var.ledger.delete_protection ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  deletion_policy                   = var.ledger.delete_protection ? "ABANDON" : "DELETE"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"

  depends_on = [google_project_service.api]
}

resource "google_firestore_field" "body" {
  for_each = local.ledger_collections

  project    = var.project_id
  database   = google_firestore_database.ledger.name
  collection = each.value
  field      = "body"

  index_config {}
}

# Both queries of the ledger (due_at, updated_at) use Firestore's own single-field indexes; there is no composite one.
resource "google_firestore_field" "expiry" {
  for_each = local.aging_collections

  project    = var.project_id
  database   = google_firestore_database.ledger.name
  collection = each.value
  field      = "updated_at"

  ttl_config {
    expiration_offset = "${var.ledger.retention_days * 86400}s"
  }
}

resource "google_firestore_backup_schedule" "daily" {
  project   = var.project_id
  database  = google_firestore_database.ledger.name
  retention = "${var.ledger.backup_days * 86400}s"

  daily_recurrence {}
}
