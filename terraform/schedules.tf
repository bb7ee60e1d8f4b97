# The clock: reconcile every minute, and the maintenance that the caller wants, as messages like any other.
resource "google_cloud_scheduler_job" "reconcile" {
  project          = var.project_id
  region           = var.location
  name             = "interlock-reconcile"
  description      = "Puts back in motion what the platform lost"
  schedule         = "* * * * *"
  time_zone        = "Etc/UTC"
  attempt_deadline = "${local.function_sizes["reconcile_releases"].timeout_seconds + 15}s"

  # The next minute is the retry.
  retry_config {
    retry_count = 0
  }

  http_target {
    http_method = "POST"
    uri         = google_cloudfunctions2_function.this["reconcile_releases"].service_config[0].uri

    oidc_token {
      audience              = google_cloudfunctions2_function.this["reconcile_releases"].service_config[0].uri
      service_account_email = google_service_account.invoker["reconcile_releases"].email
    }
  }

  depends_on = [google_cloud_run_v2_service_iam_member.invoker]
}

resource "google_cloud_scheduler_job" "maintenance" {
  for_each = var.schedules

  project     = var.project_id
  region      = var.location
  name        = "interlock-${each.key}"
  description = "Publishes a maintenance request"
  schedule    = each.value.schedule
  time_zone   = each.value.time_zone
  paused      = each.value.paused

  pubsub_target {
    topic_name = local.topic_paths.requests
    data       = base64encode(jsonencode({ for key, value in each.value.message : key => value if value != null }))
  }

  retry_config {
    retry_count = 3
  }

  depends_on = [google_project_service.api]
}
