# How a job's end reaches report_status: the log sink names jobs exactly and works across projects; Eventarc fires for
# every job of this project and region, and report_status ignores those that are none of ours.
locals {
  sink_jobs = {
    for project in toset(contains(var.audit_delivery, "sink") ? values(local.routed_jobs)[*].project : []) :
    project => [for job in values(local.routed_jobs) : job if job.project == project]
  }
  completion_events = {
    type        = "google.cloud.audit.log.v1.written"
    serviceName = "run.googleapis.com"
    methodName  = "/Jobs.RunJob"
  }
  uses_eventarc = contains(var.audit_delivery, "eventarc")
}

resource "google_logging_project_sink" "completions" {
  for_each = local.sink_jobs

  project                = each.key
  name                   = "interlock-completions"
  description            = "Ends of Interlock's jobs, to report_status"
  destination            = "pubsub.googleapis.com/${local.topic_paths.completions}"
  unique_writer_identity = true

  filter = join("\n", [
    "logName=\"projects/${each.key}/logs/cloudaudit.googleapis.com%2Fsystem_event\"",
    "resource.type=\"cloud_run_job\"",
    "protoPayload.methodName=\"/Jobs.RunJob\"",
    "(${join(" OR ", [for job in each.value : "(resource.labels.job_name=\"${job.name}\" resource.labels.location=\"${job.location}\")"])})",
  ])
}

resource "google_pubsub_topic_iam_member" "sink" {
  for_each = local.sink_jobs

  project = var.project_id
  topic   = google_pubsub_topic.this["completions"].name
  role    = "roles/pubsub.publisher"
  member  = google_logging_project_sink.completions[each.key].writer_identity
}

resource "google_eventarc_trigger" "completions" {
  count = local.uses_eventarc ? 1 : 0

  project         = var.project_id
  location        = var.location
  name            = "interlock-completions"
  labels          = var.labels
  service_account = google_service_account.eventarc[0].email

  dynamic "matching_criteria" {
    for_each = local.completion_events

    content {
      attribute = matching_criteria.key
      value     = matching_criteria.value
    }
  }

  destination {
    cloud_run_service {
      service = google_cloudfunctions2_function.this["report_status"].name
      region  = var.location
    }
  }

  depends_on = [google_cloud_run_v2_service_iam_member.eventarc, google_project_iam_member.eventarc]
}

resource "google_cloud_run_v2_service_iam_member" "eventarc" {
  count = local.uses_eventarc ? 1 : 0

  project  = var.project_id
  location = google_cloudfunctions2_function.this["report_status"].location
  name     = google_cloudfunctions2_function.this["report_status"].name
  role     = "roles/run.invoker"
  member   = local.member.eventarc
}

# Receiving events is a right on the project; there is no trigger's own.
resource "google_project_iam_member" "eventarc" {
  count = local.uses_eventarc ? 1 : 0

  project = var.project_id
  role    = "roles/eventarc.eventReceiver"
  member  = local.member.eventarc
}
