# Each validation refuses what it is there for.
mock_provider "google" {}

variables {
  agent_image  = "europe-west1-docker.pkg.dev/acme-release/interlock/agent@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  environments = { production = {}, staging = {} }
  location     = "europe-west1"
  project_id   = "acme-release"
}

run "an_image_by_tag" {
  command = plan

  variables {
    agent_image = "europe-west1-docker.pkg.dev/acme-release/interlock/agent:1.2.4"
  }

  expect_failures = [var.agent_image]
}

run "an_image_with_half_a_digest" {
  command = plan

  variables {
    agent_image = "agent@sha256:0123"
  }

  expect_failures = [var.agent_image]
}

run "a_duration_without_its_unit" {
  command = plan

  variables {
    alerting = { rate_limit = "5m" }
  }

  expect_failures = [var.alerting]
}

run "no_backlog_at_all" {
  command = plan

  variables {
    alerting = { backlog_messages = 0 }
  }

  expect_failures = [var.alerting]
}

run "a_state_that_is_no_failure" {
  command = plan

  variables {
    alerting = { failed_release_states = ["succeeded"] }
  }

  expect_failures = [var.alerting]
}

run "no_retention" {
  command = plan

  variables {
    buckets = { results_days = 0 }
  }

  expect_failures = [var.buckets]
}

run "a_bucket_with_its_scheme" {
  command = plan

  variables {
    buckets = { artifacts = "gs://artifacts" }
  }

  expect_failures = [var.buckets]
}

run "the_public_as_ci" {
  command = plan

  variables {
    ci = { members = ["allUsers"] }
  }

  expect_failures = [var.ci]
}

run "any_pool_as_ci" {
  command = plan

  variables {
    ci = { members = ["principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/*"] }
  }

  expect_failures = [var.ci]
}

run "an_issuer_without_tls" {
  command = plan

  variables {
    ci = { federation = { issuer_uri = "http://ci", attribute_condition = "true", principals = [] } }
  }

  expect_failures = [var.ci]
}

run "a_federation_open_to_all" {
  command = plan

  variables {
    ci = { federation = { issuer_uri = "https://ci", attribute_condition = "", principals = [] } }
  }

  expect_failures = [var.ci]
}

run "a_principal_of_no_kind" {
  command = plan

  variables {
    ci = { federation = { issuer_uri = "https://ci", attribute_condition = "true", principals = ["acme/app"] } }
  }

  expect_failures = [var.ci]
}

run "no_environment" {
  command = plan

  variables {
    environments = {}
  }

  expect_failures = [var.environments]
}

run "an_environment_in_capitals" {
  command = plan

  variables {
    environments = { Production = {} }
  }

  expect_failures = [var.environments]
}

run "an_environment_without_jobs" {
  command = plan

  variables {
    environments = { staging = { jobs = {} } }
  }

  expect_failures = [var.environments]
}

run "a_job_of_eight_days" {
  command = plan

  variables {
    environments = { staging = { jobs = { agent = { timeout_seconds = 691200 } } } }
  }

  expect_failures = [var.environments]
}

run "a_secret_that_moves" {
  command = plan

  variables {
    environments = { staging = { secrets = { TOKEN = { secret = "token", version = "latest" } } } }
  }

  expect_failures = [var.environments]
}

run "a_secret_file_in_the_root" {
  command = plan

  variables {
    environments = { staging = { secret_files = { "/token" = { secret = "token", version = "1" } } } }
  }

  expect_failures = [var.environments]
}

run "an_egress_of_another_word" {
  command = plan

  variables {
    environments = { staging = { network = { network = "n", subnetwork = "s", egress = "all" } } }
  }

  expect_failures = [var.environments]
}

run "a_fifth_function" {
  command = plan

  variables {
    functions = { dispatch = {} }
  }

  expect_failures = [var.functions]
}

run "more_instances_than_allowed" {
  command = plan

  variables {
    functions = { dispatch_release = { min_instances = 5, max_instances = 2 } }
  }

  expect_failures = [var.functions]
}

run "a_timeout_below_a_start" {
  command = plan

  variables {
    functions = { dispatch_release = { timeout_seconds = 10 } }
  }

  expect_failures = [var.functions]
}

run "no_concurrency" {
  command = plan

  variables {
    functions = { report_status = { concurrency = 0 } }
  }

  expect_failures = [var.functions]
}

run "an_instance_with_spaces" {
  command = plan

  variables {
    instance = "Our Interlock"
  }

  expect_failures = [var.instance]
}

run "the_default_database" {
  command = plan

  variables {
    ledger = { database = "(default)" }
  }

  expect_failures = [var.ledger]
}

run "a_ledger_that_forgets" {
  command = plan

  variables {
    ledger = { retention_days = 7 }
  }

  expect_failures = [var.ledger]
}

run "a_multi_region" {
  command = plan

  variables {
    location = "EU"
  }

  expect_failures = [var.location]
}

run "a_channel_of_no_kind" {
  command = plan

  variables {
    notification_channels = { oncall = {} }
  }

  expect_failures = [var.notification_channels]
}

run "a_severity_of_another_word" {
  command = plan

  variables {
    notification_channels = { oncall = { type = "email", severities = ["INFO"] } }
  }

  expect_failures = [var.notification_channels]
}

run "a_policy_with_its_path" {
  command = plan

  variables {
    perimeter = { access_policy = "accessPolicies/1" }
  }

  expect_failures = [var.perimeter]
}

run "a_project_by_number" {
  command = plan

  variables {
    project_id = "123456789012"
  }

  expect_failures = [var.project_id]
}

run "a_python_too_old" {
  command = plan

  variables {
    python_runtime = "python310"
  }

  expect_failures = [var.python_runtime]
}

run "a_python_with_its_dot" {
  command = plan

  variables {
    python_runtime = "python3.14"
  }

  expect_failures = [var.python_runtime]
}

run "a_route_without_a_job" {
  command = plan

  variables {
    routes = [{ name = "all" }]
  }

  expect_failures = [var.routes]
}

run "two_routes_of_one_name" {
  command = plan

  variables {
    routes = [{ name = "all", job = "staging" }, { name = "all", job = "staging" }]
  }

  expect_failures = [var.routes]
}

run "no_route_at_all" {
  command = plan

  variables {
    routes = []
  }

  expect_failures = [var.routes]
}

run "a_route_to_nowhere" {
  command = plan

  variables {
    routes = [{ name = "all", job = "nowhere" }]
  }

  expect_failures = [var.routes]
}

run "six_cron_fields" {
  command = plan

  variables {
    schedules = { nightly = { schedule = "0 0 6 * * *", message = { task = "reindex" } } }
  }

  expect_failures = [var.schedules]
}

run "a_task_with_spaces" {
  command = plan

  variables {
    schedules = { nightly = { schedule = "0 6 * * *", message = { task = "reindex all" } } }
  }

  expect_failures = [var.schedules]
}

run "a_schedule_of_reconciles_name" {
  command = plan

  variables {
    schedules = { reconcile = { schedule = "0 6 * * *", message = { task = "reindex" } } }
  }

  expect_failures = [var.schedules]
}

run "half_a_start" {
  command = plan

  variables {
    tuning = { max_starts = 0.5 }
  }

  expect_failures = [var.tuning]
}

run "runbooks_without_tls" {
  command = plan

  variables {
    tuning = { runbooks = "http://wiki" }
  }

  expect_failures = [var.tuning]
}

run "two_secrets_in_one_folder" {
  command = plan

  variables {
    environments = { staging = { secret_files = { "/secrets/a" = { secret = "a", version = "1" }, "/secrets/b" = { secret = "b", version = "1" } } } }
  }

  expect_failures = [google_cloud_run_v2_job.agent]
}
