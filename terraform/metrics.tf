# Metrics counted from the lines that the functions write (field `event`), and from the labels of a dead letter's alert.
locals {
  logs_of = {
    for name in local.functions : name => "resource.type=\"cloud_run_revision\" resource.labels.service_name=\"${replace(name, "_", "-")}\""
  }
  logs_of_all = "resource.type=\"cloud_run_revision\" resource.labels.service_name=(${join(" OR ", [for name in sort(local.functions) : "\"${replace(name, "_", "-")}\""])})"

  metrics = {
    dead_letters = {
      filter = "${local.logs_of.alert_dead_letter} jsonPayload.event=\"dead_letter\""
      labels = { environment = "EXTRACT(labels.environment)", reason = "EXTRACT(labels.reason)", severity = "EXTRACT(labels.severity)" }
    }
    deliveries_failed = {
      filter = "${local.logs_of_all} jsonPayload.event=(\"delivery_failed\" OR \"delivery_crashed\" OR \"delivery_unreadable\" OR \"reconcile_failed\")"
      labels = { event = "EXTRACT(jsonPayload.event)", function = "EXTRACT(jsonPayload.function)" }
    }
    releases_due = {
      filter = "${local.logs_of.reconcile_releases} jsonPayload.event=\"release_due\""
      labels = { state = "EXTRACT(jsonPayload.state)" }
    }
    releases_ended = {
      filter = "${local.logs_of_all} jsonPayload.event=\"execution_ended\""
      labels = { outcome = "EXTRACT(jsonPayload.outcome)" }
    }
    release_steps = {
      filter = "${local.logs_of.dispatch_release} jsonPayload.event=\"release_step\""
      labels = { state = "EXTRACT(jsonPayload.state)", step = "EXTRACT(jsonPayload.step)" }
    }
    releases_waiting = {
      filter = "${local.logs_of.reconcile_releases} jsonPayload.event=\"release_due\" jsonPayload.state=\"queued\""
      labels = { lane = "EXTRACT(jsonPayload.lane)" }
    }
    starts_ambiguous = {
      filter = "${local.logs_of.dispatch_release} jsonPayload.event=\"start_ambiguous\""
      labels = {}
    }
  }

  # What is measured, not counted: percentiles are read from a distribution. Buckets from 1 s to 8 days, by doubling.
  measures = {
    queue_seconds = { filter = "${local.logs_of.dispatch_release} jsonPayload.event=\"release_step\" jsonPayload.queue_seconds>=0" }
    run_seconds   = { filter = "${local.logs_of_all} jsonPayload.event=\"execution_ended\" jsonPayload.run_seconds>=0" }
  }
}

resource "google_logging_metric" "measure" {
  for_each = local.measures

  project         = var.project_id
  name            = "interlock/${each.key}"
  filter          = each.value.filter
  value_extractor = "EXTRACT(jsonPayload.${each.key})"

  bucket_options {
    exponential_buckets {
      growth_factor      = 2
      num_finite_buckets = 20
      scale              = 1
    }
  }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = "s"
  }

  depends_on = [google_project_service.api]
}

resource "google_logging_metric" "this" {
  for_each = local.metrics

  project          = var.project_id
  name             = "interlock/${each.key}"
  filter           = each.value.filter
  label_extractors = each.value.labels

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"

    dynamic "labels" {
      for_each = each.value.labels

      content {
        key        = labels.key
        value_type = "STRING"
      }
    }
  }

  depends_on = [google_project_service.api]
}
