# Every severity is heard, by those who asked for it.
mock_provider "google" {
  mock_resource "google_monitoring_notification_channel" {
    defaults = { id = "projects/acme-release/notificationChannels/1" }
  }
}

variables {
  agent_image  = "europe-west1-docker.pkg.dev/acme-release/interlock/agent@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  environments = { production = {} }
  location     = "europe-west1"
  project_id   = "acme-release"

  notification_channels = {
    mail  = { type = "email", labels = { email_address = "releases@acme.example" } }
    pager = { id = "projects/acme-release/notificationChannels/2", severities = ["CRITICAL"] }
  }
}

run "a_dead_letter_of_every_severity_has_a_policy_and_a_rate_limit" {
  command = apply

  assert {
    condition     = keys(google_monitoring_alert_policy.dead_letter) == ["CRITICAL", "ERROR", "WARNING"]
    error_message = "One policy per severity."
  }

  assert {
    condition = alltrue([
      for severity, policy in google_monitoring_alert_policy.dead_letter :
      strcontains(policy.conditions[0].condition_matched_log[0].filter, "labels.severity=\"${severity}\"") && strcontains(policy.conditions[0].condition_matched_log[0].filter, "labels.notify=\"true\"")
    ])
    error_message = "A policy hears its own severity, when the alert asks to notify."
  }

  assert {
    condition     = alltrue([for policy in google_monitoring_alert_policy.dead_letter : policy.alert_strategy[0].notification_rate_limit[0].period == "300s"])
    error_message = "A storm of dead letters is one notification in five minutes."
  }

  assert {
    condition     = length(google_monitoring_alert_policy.dead_letter["CRITICAL"].notification_channels) == 2 && length(google_monitoring_alert_policy.dead_letter["WARNING"].notification_channels) == 1
    error_message = "The pager hears what is critical alone."
  }
}

run "one_failed_execution_is_enough" {
  command = plan

  assert {
    condition     = google_monitoring_alert_policy.metric["failed_executions"].conditions[0].condition_threshold[0].duration == "0s" && google_monitoring_alert_policy.metric["failed_executions"].conditions[0].condition_threshold[0].threshold_value == 0
    error_message = "With a duration of minutes it would never fire."
  }
}

run "the_backstop_can_be_left_out" {
  command = plan

  variables {
    alerting = { failed_executions = false }
  }

  assert {
    condition     = !contains(keys(google_monitoring_alert_policy.metric), "failed_executions")
    error_message = "It is the caller's choice."
  }
}
