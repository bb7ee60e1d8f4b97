# The four topics; a topic keeps its messages so that a subscription can be wound back after a mistake.
locals {
  topics = {
    requests     = "release-requests"
    status       = "release-status"
    dead_letters = "release-dead-letters"
    completions  = "release-completions"
  }
  topic_paths = { for key, topic in google_pubsub_topic.this : key => "projects/${topic.project}/topics/${topic.name}" }
}

resource "google_pubsub_topic" "this" {
  # checkov:skip=CKV_GCP_83:Encrypted with Google's keys; messages carry no secrets by contract, and a lost key would stop every release.
  for_each = local.topics

  project                    = var.project_id
  name                       = each.value
  labels                     = var.labels
  message_retention_duration = "604800s"

  # Messages carry release parameters: they stay where Interlock is.
  message_storage_policy {
    allowed_persistence_regions = [var.location]
  }

  depends_on = [google_project_service.api]
}
