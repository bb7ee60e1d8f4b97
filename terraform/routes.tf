# The routes as dispatch_release gets them, and who may do what with the jobs that they name.
locals {
  default_routes = [
    for name, env in local.environments : {
      name            = name
      match           = { target_env = name }
      job             = local.job_paths["${name}/${keys(env.jobs)[0]}"]
      allowed_sources = env.allowed_sources
    }
  ]
  # By environment and by environment/job; anything else is a job's full name already.
  job_words = merge({ for name, env in local.environments : name => local.job_paths["${name}/${keys(env.jobs)[0]}"] }, local.job_paths)
  routes = concat(
    [for route in local.default_routes : route if var.routes == null],
    [for route in try([for one in var.routes : one], []) : merge(route, { job = lookup(local.job_words, route.job, route.job) })],
  )

  routed_jobs = {
    for path in toset([for route in local.routes : route.job]) : path => {
      project  = split("/", path)[1]
      location = split("/", path)[3]
      name     = split("/", path)[5]
    }
  }
  # Starting needs no actAs on the job's identity; nobody who may start a job may change it.
  job_rights = {
    dispatch_start = { function = "dispatch_release", role = "roles/run.jobsExecutorWithOverrides" }
    dispatch_look  = { function = "dispatch_release", role = "roles/run.viewer" }
    reconcile_look = { function = "reconcile_releases", role = "roles/run.viewer" }
  }
}

resource "google_cloud_run_v2_job_iam_member" "function" {
  for_each = merge([
    for path, job in local.routed_jobs : { for key, right in local.job_rights : "${path} ${key}" => merge(job, right) }
  ]...)

  project  = each.value.project
  location = each.value.location
  name     = each.value.name
  role     = each.value.role
  member   = local.member[each.value.function]

  depends_on = [google_cloud_run_v2_job.agent]
}
