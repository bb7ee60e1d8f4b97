# The four functions, one bundle, an identity each. They take HTTP: who calls them stands in subscriptions.tf,
# completions.tf and schedules.tf.
locals {
  function_defaults = { concurrency = 20, cpu = "1", max_instances = 10, memory = "512Mi", min_instances = 0, timeout_seconds = 60 }
  function_sizes = {
    for name in local.functions : name => merge(local.function_defaults, { for key, size in try(var.functions[name], {}) : key => size if size != null })
  }

  # Names and readers as in functions/interlock/config.py; a test compares. Endpoints of emulators are left out there.
  settings = {
    INTERLOCK_INSTANCE              = { readers = local.functions, value = local.instance }
    INTERLOCK_LEDGER                = { readers = local.functions, value = "firestore://${var.project_id}/${google_firestore_database.ledger.name}" }
    INTERLOCK_STATUS_TOPIC          = { readers = local.functions, value = local.topic_paths.status }
    INTERLOCK_ROUTES                = { readers = ["dispatch_release"], value = jsonencode({ routes = local.routes }) }
    INTERLOCK_DEAD_LETTERS_TOPIC    = { readers = ["dispatch_release"], value = local.topic_paths.dead_letters }
    INTERLOCK_LEASE_SECONDS         = { readers = ["dispatch_release"], value = var.tuning.lease_seconds }
    INTERLOCK_START_TIMEOUT_SECONDS = { readers = ["dispatch_release"], value = var.tuning.start_timeout_seconds }
    INTERLOCK_MAX_STARTS            = { readers = ["dispatch_release"], value = var.tuning.max_starts }
    INTERLOCK_REQUESTS_TOPIC        = { readers = ["report_status", "reconcile_releases"], value = local.topic_paths.requests }
    INTERLOCK_RESULTS               = { readers = ["dispatch_release", "report_status", "reconcile_releases"], value = "gs://${google_storage_bucket.this["results"].name}" }
    INTERLOCK_RUNBOOKS              = { readers = ["alert_dead_letter"], value = var.tuning.runbooks }
    INTERLOCK_RECONCILE_PAGE        = { readers = ["reconcile_releases"], value = var.tuning.reconcile_page }
    INTERLOCK_RECONCILE_SECONDS     = { readers = ["reconcile_releases"], value = floor(local.function_sizes["reconcile_releases"].timeout_seconds * 2 / 3) }
  }
}

resource "google_cloudfunctions2_function" "this" {
  for_each = local.functions

  project     = var.project_id
  location    = var.location
  name        = replace(each.value, "_", "-")
  description = "Interlock: ${each.value}"
  labels      = var.labels

  build_config {
    docker_repository = local.repository_path
    entry_point       = each.value
    runtime           = var.python_runtime
    service_account   = "projects/${var.project_id}/serviceAccounts/${google_service_account.build.email}"

    source {
      storage_source {
        bucket = google_storage_bucket.this["source"].name
        object = google_storage_bucket_object.bundle.name
      }
    }
  }

  service_config {
    available_cpu                    = local.function_sizes[each.value].cpu
    available_memory                 = local.function_sizes[each.value].memory
    ingress_settings                 = "ALLOW_INTERNAL_ONLY"
    max_instance_count               = local.function_sizes[each.value].max_instances
    max_instance_request_concurrency = local.function_sizes[each.value].concurrency
    min_instance_count               = local.function_sizes[each.value].min_instances
    service_account_email            = google_service_account.function[each.value].email
    timeout_seconds                  = local.function_sizes[each.value].timeout_seconds

    environment_variables = {
      for name, setting in local.settings : name => tostring(setting.value)
      if contains(setting.readers, each.value) && setting.value != null
    }
  }

  lifecycle {
    precondition {
      condition     = length(local.settings.INTERLOCK_ROUTES.value) <= 32000
      error_message = "The routes are over 32,000 characters as JSON, more than an environment variable holds: use lists and * in match."
    }
  }

  depends_on = [
    google_artifact_registry_repository_iam_member.build,
    google_project_iam_member.build_log,
    google_storage_bucket_iam_member.build,
  ]
}

# Who builds: reads the bundle, writes the image and the log.
resource "google_storage_bucket_iam_member" "build" {
  bucket = google_storage_bucket.this["source"].name
  role   = "roles/storage.objectViewer"
  member = local.member.build
}

resource "google_artifact_registry_repository_iam_member" "build" {
  project    = var.project_id
  location   = google_artifact_registry_repository.images.location
  repository = google_artifact_registry_repository.images.repository_id
  role       = "roles/artifactregistry.writer"
  member     = local.member.build
}

# A build's log has no resource of its own to grant this on.
resource "google_project_iam_member" "build_log" {
  project = var.project_id
  role    = "roles/logging.logWriter"
  member  = local.member.build
}

# Each caller may call one function. The Cloud Run service behind a function bears the function's name.
resource "google_cloud_run_v2_service_iam_member" "invoker" {
  for_each = local.invokers

  project  = var.project_id
  location = google_cloudfunctions2_function.this[each.value].location
  name     = google_cloudfunctions2_function.this[each.value].name
  role     = "roles/run.invoker"
  member   = local.member["invoke/${each.value}"]
}
