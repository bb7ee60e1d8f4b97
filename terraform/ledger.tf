# The ledger: one Firestore database, guarded against deletion, with backups and an end for what is long over.
locals {
  # The code's own list of what it queries, never searches, and lets go of.
  ledger_layout = jsondecode(file("${path.module}/../functions/interlock/ledger/firestore_layout.json"))
  # A record's text is read whole and never searched: an index on it costs a write and fails above 1,500 bytes.
  unindexed_fields = merge([for name, one in local.ledger_layout : {
    for field in one.unindexed : "${name}.${field}" => { collection = name, field = field, expires = field == one.expires_after }
  }]...)
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

# The ledger's queries go by one field each and use Firestore's own single-field indexes; there is no composite one.
# A record that is over, and only such a one, bears the instant that its end is counted from: nothing open is ever deleted.
resource "google_firestore_field" "unindexed" {
  for_each = local.unindexed_fields

  project    = var.project_id
  database   = google_firestore_database.ledger.name
  collection = each.value.collection
  field      = each.value.field

  index_config {}

  dynamic "ttl_config" {
    for_each = each.value.expires ? [1] : []

    content {
      expiration_offset = "${var.ledger.retention_days * 86400}s"
    }
  }
}

resource "google_firestore_backup_schedule" "daily" {
  project   = var.project_id
  database  = google_firestore_database.ledger.name
  retention = "${var.ledger.backup_days * 86400}s"

  daily_recurrence {}
}
