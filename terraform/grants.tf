# What each function may do on topics, results and ledger: the whole table, a line a grant.
locals {
  publishers = toset([
    "dispatch_release status",
    "dispatch_release dead_letters",
    "report_status status",
    "report_status requests",
    "alert_dead_letter status",
    "reconcile_releases status",
    "reconcile_releases requests",
  ])
  # Whoever may close a release reads who owns its fence, and takes the fence where nobody does.
  fence_keepers = toset(["dispatch_release", "report_status", "reconcile_releases"])
  result_grants = { for pair in setproduct(local.fence_keepers, ["objectViewer", "objectCreator"]) : join(" ", pair) => pair }

  # Firestore's roles stand on the project; the condition narrows them to the one database.
  ledger_only = "resource.name == \"projects/${google_firestore_database.ledger.project}/databases/${google_firestore_database.ledger.name}\""
}

resource "google_pubsub_topic_iam_member" "publisher" {
  for_each = local.publishers

  project = var.project_id
  topic   = google_pubsub_topic.this[split(" ", each.value)[1]].name
  role    = "roles/pubsub.publisher"
  member  = local.member[split(" ", each.value)[0]]
}

resource "google_storage_bucket_iam_member" "results" {
  for_each = local.result_grants

  bucket = google_storage_bucket.this["results"].name
  role   = "roles/storage.${each.value[1]}"
  member = local.member[each.value[0]]
}

resource "google_project_iam_member" "ledger" {
  for_each = local.functions

  project = var.project_id
  role    = "roles/datastore.user"
  member  = local.member[each.value]

  condition {
    title       = "interlock-ledger"
    description = "The ledger's database alone"
    expression  = local.ledger_only
  }
}
