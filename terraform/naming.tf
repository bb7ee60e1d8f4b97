# Names that more than one file needs, made of what is known before anything exists.
locals {
  functions = toset(["dispatch_release", "report_status", "alert_dead_letter", "reconcile_releases"])
  instance  = coalesce(var.instance, var.project_id)

  # A service account's address is made of its arguments, not of its computed e-mail: a plan shows every grant whole.
  member = {
    for key, account in merge(
      { for name, one in google_service_account.function : name => one },
      { for name, one in google_service_account.invoker : "invoke/${name}" => one },
      { for name, one in google_service_account.runtime : "runtime/${name}" => one },
      { for one in google_service_account.eventarc : "eventarc" => one },
      { build = google_service_account.build },
    ) : key => "serviceAccount:${account.account_id}@${account.project}.iam.gserviceaccount.com"
  }

  environments = {
    for name, env in var.environments : name => merge(env, {
      allowed_sources = coalesce(env.allowed_sources, ["gs://${local.bucket_names.artifacts}/"])
      location        = coalesce(env.location, var.location)
      project_id      = coalesce(env.project_id, var.project_id)
    })
  }
  projects         = toset(values(local.environments)[*].project_id)
  foreign_projects = setsubtract(local.projects, [var.project_id])
}

data "google_project" "this" {
  project_id = var.project_id
}

data "google_project" "foreign" {
  for_each = local.foreign_projects

  project_id = each.value
}
