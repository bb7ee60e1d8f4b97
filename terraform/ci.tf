# CI: may publish releases, and read the ledger if it waits for their end. With federation it needs no key.
locals {
  federation = var.ci.federation[*]
  ci_members = setunion(var.ci.members, toset(flatten([
    for one in local.federation : [
      for principal in one.principals : startswith(principal, "subject/")
      ? "principal://iam.googleapis.com/${local.pool_path}/${principal}"
      : "principalSet://iam.googleapis.com/${local.pool_path}/${principal}"
    ]
  ])))
  pool_path = "projects/${data.google_project.this.number}/locations/global/workloadIdentityPools/${local.pool_id}"
  pool_id   = "interlock-ci"
}

resource "google_iam_workload_identity_pool" "ci" {
  count = length(local.federation)

  project                   = var.project_id
  workload_identity_pool_id = local.pool_id
  display_name              = "Interlock: CI"
}

resource "google_iam_workload_identity_pool_provider" "ci" {
  count = length(local.federation)

  project                            = var.project_id
  workload_identity_pool_id          = google_iam_workload_identity_pool.ci[count.index].workload_identity_pool_id
  workload_identity_pool_provider_id = "ci"
  attribute_condition                = local.federation[count.index].attribute_condition
  attribute_mapping                  = local.federation[count.index].attribute_mapping

  oidc {
    issuer_uri = local.federation[count.index].issuer_uri
  }
}

resource "google_pubsub_topic_iam_member" "ci" {
  for_each = local.ci_members

  project = var.project_id
  topic   = google_pubsub_topic.this["requests"].name
  role    = "roles/pubsub.publisher"
  member  = each.value

  depends_on = [google_iam_workload_identity_pool.ci]
}

resource "google_project_iam_member" "ci" {
  for_each = var.ci.reads_ledger ? local.ci_members : []

  project = var.project_id
  role    = "roles/datastore.viewer"
  member  = each.value

  condition {
    title       = "interlock-ledger"
    description = "The ledger's database alone"
    expression  = local.ledger_only
  }

  depends_on = [google_iam_workload_identity_pool.ci]
}
