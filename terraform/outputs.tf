# Outputs wait for the grants that make them usable.
output "artifacts_bucket" {
  description = "Where CI puts artifacts: `gs://…`."
  value       = "gs://${google_storage_bucket.this["artifacts"].name}"
}

output "ci_provider" {
  description = "The Workload Identity provider that CI signs in with; null without `ci.federation`."
  value       = one(google_iam_workload_identity_pool_provider.ci[*].name)
}

output "function_uris" {
  description = "Address of each function; reachable from inside only, by its own caller."
  value       = { for name, function in google_cloudfunctions2_function.this : name => function.service_config[0].uri }
}

output "jobs" {
  description = "Full name of each job by ENVIRONMENT/JOB, as `routes` may name it."
  value       = local.job_paths
  depends_on  = [google_cloud_run_v2_job_iam_member.function]
}

output "ledger" {
  description = "The ledger's address, as the command `interlock` reads it from INTERLOCK_LEDGER."
  value       = local.settings.INTERLOCK_LEDGER.value
  depends_on  = [google_project_iam_member.ci]
}

output "repository" {
  description = "Where the agent's image is pushed."
  value       = "${var.location}-docker.pkg.dev/${var.project_id}/${google_artifact_registry_repository.images.repository_id}"
}

output "requests_topic" {
  description = "Where CI publishes releases."
  value       = local.topic_paths.requests
  depends_on  = [google_pubsub_subscription.push, google_pubsub_topic_iam_member.ci]
}

output "routes" {
  description = "The routes as dispatch_release has them, as JSON."
  value       = local.settings.INTERLOCK_ROUTES.value
}

output "runtime_identities" {
  description = "Identity that the releases of each environment run as; grant it what its scripts need."
  value       = { for name, account in google_service_account.runtime : name => account.email }
}

output "status_topic" {
  description = "Where status events come out."
  value       = local.topic_paths.status
}
