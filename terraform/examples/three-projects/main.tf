# Interlock in a project of its own, each environment in its own: jobs, identities and secrets stay where they belong.
module "interlock" {
  source = "../.."

  agent_image = var.agent_image
  instance    = "acme"
  location    = "europe-west1"
  project_id  = "acme-release"

  environments = {
    development = { project_id = "acme-development" }
    staging     = { project_id = "acme-staging" }
    production = {
      project_id = "acme-production"
      jobs       = { release-agent = { cpu = "2", memory = "4Gi", timeout_seconds = 7200 } }
      secrets    = { DEPLOY_TOKEN = { secret = "deploy-token", version = "3" } }
    }
  }

  routes = [
    { name = "reindex", match = { task = "reindex", target_env = "production" }, job = "production", rerun = "always", defaults = {
      artifact_path     = "gs://acme-release-interlock-artifacts/tasks/tasks-1.0.0.zip"
      deployment_script = "reindex.sh"
      release_version   = "1.0.0"
    } },
    { name = "production", match = { target_env = ["production", "prod"] }, job = "production", require_digest = true,
    allowed_sources = ["gs://acme-release-interlock-artifacts/"], rerun = "failed_only" },
    { name = "staging", match = { target_env = "staging" }, job = "staging", lane_mode = "newest" },
    { name = "development", match = { target_env = "development" }, job = "development", lane_mode = "parallel", max_parallel = 4 },
  ]

  schedules = {
    reindex = { schedule = "0 3 * * 0", message = { task = "reindex", target_env = "production", reason = "weekly" } }
  }

  ci = {
    federation = {
      attribute_condition = "assertion.repository_owner == 'acme'"
      issuer_uri          = "https://token.actions.githubusercontent.com"
      principals          = ["attribute.repository/acme/app"]
    }
  }

  functions = { dispatch_release = { max_instances = 20, min_instances = 1 } }
  tuning = {
    lease_seconds         = 90
    max_starts            = 3
    reconcile_page        = 500
    runbooks              = "https://wiki.acme.example/interlock"
    start_timeout_seconds = 25
  }
  notification_channels = {
    chat  = { type = "email", labels = { email_address = "releases@acme.example" }, severities = ["WARNING"] }
    pager = { id = "projects/acme-release/notificationChannels/1234567890", severities = ["CRITICAL", "ERROR"] }
  }
}

output "ci_provider" {
  value = module.interlock.ci_provider
}

output "runtime_identities" {
  value = module.interlock.runtime_identities
}
