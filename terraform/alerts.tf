# What wakes whom. Log policies carry the release in their labels; metric policies are the net below them.
locals {
  push_names = sort(keys(local.pushes))
  runbooks   = trimsuffix(coalesce(var.tuning.runbooks, "https://github.com/interlock-dev/interlock/blob/main/docs/runbooks"), "/")

  # Conditions on a metric: the filter, how it is summed, and above what it speaks.
  metric_alerts = {
    backlog = {
      title     = "messages pile up"
      severity  = "WARNING"
      text      = "A subscription has more messages than its function takes. Look at the function's errors first, then at its max_instances."
      duration  = "300s"
      threshold = var.alerting.backlog_messages
      filter    = "resource.type=\"pubsub_subscription\" metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\" resource.label.subscription_id=one_of(${join(",", [for name in local.push_names : "\"${name}\""])})"
      aligner   = "ALIGN_MAX"
      group     = ["resource.label.subscription_id"]
    }
    oldest_message = {
      title     = "a message waits too long"
      severity  = "ERROR"
      text      = "The oldest message of a subscription is older than it should be: its function refuses it again and again, or is not called."
      duration  = "0s"
      threshold = tonumber(trimsuffix(var.alerting.oldest_unacked, "s"))
      filter    = "resource.type=\"pubsub_subscription\" metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" resource.label.subscription_id=one_of(${join(",", [for name in local.push_names : "\"${name}\""])})"
      aligner   = "ALIGN_MAX"
      group     = ["resource.label.subscription_id"]
    }
    function_errors = {
      title     = "a function answers with errors"
      severity  = "ERROR"
      text      = "A function answered 5xx. Pub/Sub tries again, so nothing is lost yet; after ten tries a message is a dead letter."
      duration  = "0s"
      threshold = var.alerting.function_errors
      filter    = "resource.type=\"cloud_run_revision\" metric.type=\"run.googleapis.com/request_count\" metric.label.response_code_class=\"5xx\" resource.label.service_name=one_of(${join(",", [for name in sort(local.functions) : "\"${replace(name, "_", "-")}\""])})"
      aligner   = "ALIGN_DELTA"
      group     = ["resource.label.service_name"]
    }
    # One failed execution is one delta: a retest window of minutes would never fire. The metric cannot name the release.
    failed_executions = {
      title     = "a job's execution failed"
      severity  = "WARNING"
      text      = "A job failed by Cloud Run's own count. If no status event tells of it, report_status did not hear; reconcile will."
      duration  = "0s"
      threshold = 0
      filter    = "resource.type=\"cloud_run_job\" metric.type=\"run.googleapis.com/job/completed_execution_count\" metric.label.result=\"failed\""
      aligner   = "ALIGN_SUM"
      group     = ["resource.label.job_name"]
    }
  }

  failed_release_filter = join(" ", [
    local.logs_of_all,
    "((jsonPayload.event=\"execution_ended\" jsonPayload.state=(${join(" OR ", [for state in sort(var.alerting.failed_release_states) : "\"${state}\""])}))",
    "OR (jsonPayload.event=\"release_step\" jsonPayload.state=\"errored\"))",
  ])
}

resource "google_monitoring_alert_policy" "dead_letter" {
  for_each = local.severities

  project               = var.project_id
  display_name          = "Interlock: dead letter (${each.value})"
  combiner              = "OR"
  severity              = each.value
  notification_channels = local.channels[each.value]
  user_labels           = var.labels

  conditions {
    display_name = "alert_dead_letter asks to notify"

    condition_matched_log {
      filter = "${local.logs_of.alert_dead_letter} jsonPayload.event=\"dead_letter\" labels.notify=\"true\" labels.severity=\"${each.value}\""
      label_extractors = {
        environment = "EXTRACT(labels.environment)"
        fingerprint = "EXTRACT(labels.fingerprint)"
        reason      = "EXTRACT(labels.reason)"
        release     = "EXTRACT(jsonPayload.release_id)"
      }
    }
  }

  alert_strategy {
    auto_close = var.alerting.auto_close

    notification_rate_limit {
      period = var.alerting.rate_limit
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "A message could not be handled: $${log.extracted_label.reason} in $${log.extracted_label.environment}, release $${log.extracted_label.release}. The log entry holds the commands to look at it and to replay it. Runbooks: [this reason](${local.runbooks}/$${log.extracted_label.reason}.md), [dead letters](${local.runbooks}/dead_letter.md)."
  }

  depends_on = [google_project_service.api]
}

resource "google_monitoring_alert_policy" "failed_release" {
  project               = var.project_id
  display_name          = "Interlock: a release failed"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels["ERROR"]
  user_labels           = var.labels

  conditions {
    display_name = "a release ended in ${join(", ", sort(var.alerting.failed_release_states))}"

    condition_matched_log {
      filter = local.failed_release_filter
      label_extractors = {
        reason  = "EXTRACT(jsonPayload.reason)"
        release = "EXTRACT(jsonPayload.release_id)"
        state   = "EXTRACT(jsonPayload.state)"
      }
    }
  }

  alert_strategy {
    auto_close = var.alerting.auto_close

    notification_rate_limit {
      period = var.alerting.rate_limit
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "Release $${log.extracted_label.release} is $${log.extracted_label.state}. `interlock releases show` tells its story; the status event holds the link to its logs. Runbooks: [this reason](${local.runbooks}/$${log.extracted_label.reason}.md), [failed releases](${local.runbooks}/failed_release.md)."
  }

  depends_on = [google_project_service.api]
}

resource "google_monitoring_alert_policy" "metric" {
  for_each = { for name, one in local.metric_alerts : name => one if name != "failed_executions" || var.alerting.failed_executions }

  project               = var.project_id
  display_name          = "Interlock: ${each.value.title}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.channels[each.value.severity]
  user_labels           = var.labels

  conditions {
    display_name = each.value.title

    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.threshold
      duration        = each.value.duration

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = each.value.aligner
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = each.value.group
      }

      trigger {
        count = 1
      }
    }
  }

  alert_strategy {
    auto_close = var.alerting.auto_close
  }

  documentation {
    mime_type = "text/markdown"
    content   = "${each.value.text} [Runbook](${local.runbooks}/${each.key}.md)."
  }

  depends_on = [google_project_service.api]
}

resource "google_monitoring_alert_policy" "reconcile" {
  project               = var.project_id
  display_name          = "Interlock: reconcile does not run"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.channels["CRITICAL"]
  user_labels           = var.labels

  conditions {
    display_name = "no answer of reconcile_releases"

    condition_absent {
      filter   = "resource.type=\"cloud_run_revision\" metric.type=\"run.googleapis.com/request_count\" metric.label.response_code_class=\"2xx\" resource.label.service_name=\"reconcile-releases\""
      duration = var.alerting.reconcile_silent_for

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  alert_strategy {
    auto_close = var.alerting.auto_close
  }

  documentation {
    mime_type = "text/markdown"
    content   = "Releases whose end nobody reported stay open until reconcile_releases runs again. Look at the Scheduler job interlock-reconcile and at the function's log. [Runbook](${local.runbooks}/reconcile.md)."
  }

  depends_on = [google_project_service.api]
}
