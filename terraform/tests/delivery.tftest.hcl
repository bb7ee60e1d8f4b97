# audit_delivery in all its forms, and routes to jobs of other projects.
mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}

variables {
  agent_image  = "europe-west1-docker.pkg.dev/acme-release/interlock/agent@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  environments = { production = {}, staging = {} }
  location     = "europe-west1"
  project_id   = "acme-release"
}

run "both_ways_by_default" {
  command = apply

  assert {
    condition     = keys(google_logging_project_sink.completions) == ["acme-release"] && length(google_eventarc_trigger.completions) == 1
    error_message = "Sink and trigger."
  }

  assert {
    condition = google_logging_project_sink.completions["acme-release"].filter == join("\n", [
      "logName=\"projects/acme-release/logs/cloudaudit.googleapis.com%2Fsystem_event\"",
      "resource.type=\"cloud_run_job\"",
      "protoPayload.methodName=\"/Jobs.RunJob\"",
      "((resource.labels.job_name=\"release-agent-production\" resource.labels.location=\"europe-west1\") OR (resource.labels.job_name=\"release-agent-staging\" resource.labels.location=\"europe-west1\"))",
    ])
    error_message = "The sink names log, method and jobs exactly."
  }

  assert {
    condition = { for one in google_eventarc_trigger.completions[0].matching_criteria : one.attribute => one.value } == {
      type        = "google.cloud.audit.log.v1.written"
      serviceName = "run.googleapis.com"
      methodName  = "/Jobs.RunJob"
    }
    error_message = "The trigger filters on what Eventarc can filter on."
  }
}

run "the_sink_alone" {
  command = plan

  variables {
    audit_delivery = ["sink"]
  }

  assert {
    condition     = length(google_logging_project_sink.completions) == 1 && length(google_eventarc_trigger.completions) == 0
    error_message = "No trigger."
  }

  assert {
    condition     = length(google_service_account.eventarc) == 0 && length(google_project_iam_member.eventarc) == 0 && length(google_cloud_run_v2_service_iam_member.eventarc) == 0
    error_message = "Without a trigger nobody holds its rights."
  }
}

run "eventarc_alone" {
  command = plan

  variables {
    audit_delivery = ["eventarc"]
  }

  assert {
    condition     = length(google_logging_project_sink.completions) == 0 && length(google_pubsub_topic_iam_member.sink) == 0 && length(google_eventarc_trigger.completions) == 1
    error_message = "No sink, and no right for one."
  }
}

run "no_way_is_refused" {
  command = plan

  variables {
    audit_delivery = []
  }

  expect_failures = [var.audit_delivery]
}

run "another_word_is_refused" {
  command = plan

  variables {
    audit_delivery = ["sink", "polling"]
  }

  expect_failures = [var.audit_delivery]
}

run "eventarc_alone_cannot_serve_another_project" {
  command = plan

  variables {
    audit_delivery = ["eventarc"]
    environments   = { staging = { project_id = "acme-staging" } }
  }

  expect_failures = [google_cloud_run_v2_job.agent]
}

run "three_environments_in_three_projects" {
  command = plan

  variables {
    environments = {
      development = { project_id = "acme-development" }
      production  = { project_id = "acme-production", location = "europe-west4" }
      staging     = { project_id = "acme-staging" }
    }
  }

  assert {
    condition     = keys(google_logging_project_sink.completions) == ["acme-development", "acme-production", "acme-staging"]
    error_message = "A sink in each project that has a job."
  }

  assert {
    condition     = google_cloud_run_v2_job.agent["production/release-agent"].project == "acme-production" && google_cloud_run_v2_job.agent["production/release-agent"].location == "europe-west4"
    error_message = "The job stands where its environment is."
  }

  assert {
    condition     = google_service_account.runtime["production"].project == "acme-production"
    error_message = "And so does its identity."
  }

  assert {
    condition     = length(google_artifact_registry_repository_iam_member.puller) == 3
    error_message = "Each project's Cloud Run may pull the agent."
  }

  assert {
    condition     = length(google_cloud_run_v2_job_iam_member.function) == 9
    error_message = "Three rights on each of three jobs."
  }
}

run "routes_may_name_environments_and_foreign_jobs" {
  command = plan

  variables {
    routes = [
      { name = "production", match = { target_env = ["production", "prod"] }, job = "production", lane_mode = "fifo", require_digest = true },
      { name = "reindex", match = { task = "reindex" }, job = "staging/release-agent", rerun = "always" },
      { name = "legacy", job = "projects/acme-legacy/locations/europe-west4/jobs/deployer" },
    ]
  }

  assert {
    condition = [for route in jsondecode(output.routes).routes : route.job] == [
      "projects/acme-release/locations/europe-west1/jobs/release-agent-production",
      "projects/acme-release/locations/europe-west1/jobs/release-agent-staging",
      "projects/acme-legacy/locations/europe-west4/jobs/deployer",
    ]
    error_message = "Order is kept, words become full names."
  }

  assert {
    condition     = google_cloud_run_v2_job_iam_member.function["projects/acme-legacy/locations/europe-west4/jobs/deployer dispatch_start"].project == "acme-legacy"
    error_message = "What is routed may be started, wherever it stands."
  }

  assert {
    condition     = contains(keys(google_logging_project_sink.completions), "acme-legacy")
    error_message = "And its end is heard of."
  }
}
