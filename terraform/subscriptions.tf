# Own push subscriptions: a function trigger's subscription can have neither dead letter policy nor endless life.
locals {
  pushes = {
    dispatch-release  = { topic = "requests", function = "dispatch_release", dead_letter = true, retention = "604800s" }
    report-status     = { topic = "completions", function = "report_status", dead_letter = true, retention = "604800s" }
    alert-dead-letter = { topic = "dead_letters", function = "alert_dead_letter", dead_letter = false, retention = "2678400s" }
  }
  # 31 days is Pub/Sub's longest; what nobody looks at for that long is gone from here, not from the ledger.
  pulls = {
    dead-letter-review  = { topic = "dead_letters", retention = "2678400s", ordered = false }
    release-status-tail = { topic = "status", retention = "86400s", ordered = true }
  }
  pubsub_agent = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

resource "google_pubsub_subscription" "push" {
  for_each = local.pushes

  project                    = var.project_id
  name                       = each.key
  topic                      = local.topic_paths[each.value.topic]
  labels                     = var.labels
  ack_deadline_seconds       = local.function_sizes[each.value.function].timeout_seconds + 15
  message_retention_duration = each.value.retention

  expiration_policy {
    ttl = ""
  }

  # Ten tries with this backoff take over half an hour: longer than a claim's lease, so a takeover gets its turn.
  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  # What alert_dead_letter cannot take is on the last topic already: it is tried until its retention ends.
  dynamic "dead_letter_policy" {
    for_each = each.value.dead_letter ? [1] : []

    content {
      dead_letter_topic     = local.topic_paths.dead_letters
      max_delivery_attempts = 10
    }
  }

  push_config {
    push_endpoint = google_cloudfunctions2_function.this[each.value.function].service_config[0].uri

    oidc_token {
      audience              = google_cloudfunctions2_function.this[each.value.function].service_config[0].uri
      service_account_email = google_service_account.invoker[each.value.function].email
    }
  }

  # Before Pub/Sub's agent may forward and its caller may call, a message would only use up its tries.
  depends_on = [google_pubsub_topic_iam_member.dead_letter_forwarder, google_cloud_run_v2_service_iam_member.invoker]
}

resource "google_pubsub_subscription" "pull" {
  for_each = local.pulls

  project                    = var.project_id
  name                       = each.key
  topic                      = local.topic_paths[each.value.topic]
  labels                     = var.labels
  ack_deadline_seconds       = 60
  enable_message_ordering    = each.value.ordered
  message_retention_duration = each.value.retention

  expiration_policy {
    ttl = ""
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }
}

# Forwarding a dead letter is two rights of Pub/Sub's own agent; without either, messages circle for ever.
resource "google_pubsub_topic_iam_member" "dead_letter_forwarder" {
  project = var.project_id
  topic   = google_pubsub_topic.this["dead_letters"].name
  role    = "roles/pubsub.publisher"
  member  = local.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "dead_letter_forwarder" {
  for_each = { for name, push in local.pushes : name => push if push.dead_letter }

  project      = var.project_id
  subscription = google_pubsub_subscription.push[each.key].name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}
