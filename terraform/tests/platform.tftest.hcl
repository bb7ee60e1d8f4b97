# What always holds, whatever the variables say: messages are not lost, nothing is public, jobs run by digest.
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

run "every_push_is_retried_with_backoff_and_gives_up_to_the_dead_letters" {
  command = plan

  assert {
    condition     = alltrue([for one in google_pubsub_subscription.push : one.retry_policy[0].minimum_backoff == "10s" && one.retry_policy[0].maximum_backoff == "600s"])
    error_message = "Every push subscription states its backoff."
  }

  assert {
    condition = alltrue([
      for name, one in google_pubsub_subscription.push : name == "alert-dead-letter" ? length(one.dead_letter_policy) == 0 : (
        one.dead_letter_policy[0].dead_letter_topic == "projects/acme-release/topics/release-dead-letters" && one.dead_letter_policy[0].max_delivery_attempts == 10
      )
    ])
    error_message = "Every push subscription gives up to the dead-letter topic, but for the one that reads it."
  }

  assert {
    condition     = google_pubsub_subscription.push["alert-dead-letter"].message_retention_duration == "2678400s"
    error_message = "What cannot be alerted is tried for as long as Pub/Sub keeps it."
  }

  assert {
    condition     = alltrue([for one in google_pubsub_subscription.push : one.ack_deadline_seconds > 60])
    error_message = "Pub/Sub waits longer than the function may take, or it delivers twice."
  }

  assert {
    condition     = alltrue([for one in google_pubsub_subscription.push : length(one.push_config[0].oidc_token) == 1])
    error_message = "Every push is signed."
  }
}

run "both_rights_of_the_pubsub_agent_stand_beside_each_dead_letter_policy" {
  command = plan

  assert {
    condition = (google_pubsub_topic_iam_member.dead_letter_forwarder.topic == "release-dead-letters"
    && google_pubsub_topic_iam_member.dead_letter_forwarder.member == "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com")
    error_message = "Pub/Sub's agent publishes on the dead-letter topic."
  }

  assert {
    condition = (toset(keys(google_pubsub_subscription_iam_member.dead_letter_forwarder))
    == toset([for name, one in google_pubsub_subscription.push : name if length(one.dead_letter_policy) > 0]))
    error_message = "Pub/Sub's agent subscribes on every subscription that gives up."
  }
}

run "no_subscription_expires_and_dead_letters_wait_31_days_for_people" {
  command = plan

  assert {
    condition     = alltrue([for one in merge(google_pubsub_subscription.push, google_pubsub_subscription.pull) : one.expiration_policy[0].ttl == ""])
    error_message = "A subscription without an empty ttl is deleted after 31 idle days, and its messages with it."
  }

  assert {
    condition     = google_pubsub_subscription.pull["dead-letter-review"].message_retention_duration == "2678400s"
    error_message = "31 days."
  }
}

run "jobs_run_by_digest_once_and_with_their_own_identity" {
  command = plan

  assert {
    condition     = alltrue([for job in google_cloud_run_v2_job.agent : can(regex("@sha256:[0-9a-f]{64}$", job.template[0].template[0].containers[0].image))])
    error_message = "Every job names its image by digest."
  }

  assert {
    condition     = alltrue([for job in google_cloud_run_v2_job.agent : job.template[0].template[0].max_retries == 0])
    error_message = "Cloud Run does not run a deployment twice."
  }

  assert {
    condition     = google_service_account.runtime["production"].account_id != google_service_account.runtime["staging"].account_id
    error_message = "One identity per environment."
  }
}

run "nothing_is_public" {
  command = plan

  assert {
    condition     = alltrue([for one in google_storage_bucket.this : one.public_access_prevention == "enforced" && one.uniform_bucket_level_access])
    error_message = "Buckets are private."
  }

  assert {
    condition     = alltrue([for one in google_storage_bucket.this : one.versioning[0].enabled])
    error_message = "Buckets keep what was replaced."
  }

  assert {
    condition     = alltrue([for one in google_cloudfunctions2_function.this : one.service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY"])
    error_message = "Functions are reached from inside only."
  }

  assert {
    condition = alltrue([
      for one in concat(values(google_cloud_run_v2_service_iam_member.invoker), google_cloud_run_v2_service_iam_member.eventarc) : startswith(one.member, "serviceAccount:interlock-")
    ])
    error_message = "Functions are called by our own identities only."
  }
}

run "an_unchanged_bundle_is_no_change" {
  command = plan

  assert {
    condition     = google_storage_bucket_object.bundle.name == "functions/${local.bundle_hash}.zip"
    error_message = "The object is named for what is in it."
  }

  assert {
    condition     = contains(keys(local.bundle_paths), "main.py") && contains(keys(local.bundle_paths), "schemas/routes.v1.json") && !anytrue([for name in keys(local.bundle_paths) : strcontains(name, "__pycache__")])
    error_message = "Code and schemas are in, leavings are not."
  }
}

run "the_ledger_is_guarded" {
  command = plan

  assert {
    condition     = google_firestore_database.ledger.delete_protection_state == "DELETE_PROTECTION_ENABLED" && google_firestore_database.ledger.deletion_policy == "ABANDON"
    error_message = "A destroy leaves the ledger where it is."
  }

  assert {
    condition     = [for key, one in google_firestore_field.unindexed : key if length(one.ttl_config) == 1] == ["dead_letters.over_at", "releases.over_at"]
    error_message = "What is over goes one day; lanes and incidents stay, and so does all that is open."
  }

  assert {
    condition     = alltrue([for one in google_firestore_field.unindexed : alltrue([for ttl in one.ttl_config : ttl.expiration_offset == "34560000s"])])
    error_message = "Releases go 400 days after their last change."
  }

  assert {
    condition     = google_firestore_database.ledger.point_in_time_recovery_enablement == "POINT_IN_TIME_RECOVERY_ENABLED" && google_firestore_backup_schedule.daily.retention == "1209600s"
    error_message = "Seven days to any minute, fourteen to a day."
  }
}

run "maintenance_comes_by_the_clock_as_a_message" {
  command = plan

  variables {
    schedules = {
      cleanup = { schedule = "0 3 * * 0", message = { task = "cleanup", target_env = "staging", params = { DAYS = "30" } } }
      reindex = { schedule = "0 6 * * 1-5", message = { task = "reindex" }, time_zone = "Europe/Berlin" }
    }
  }

  assert {
    condition     = jsondecode(base64decode(google_cloud_scheduler_job.maintenance["reindex"].pubsub_target[0].data)) == { task = "reindex" }
    error_message = "What is not said is not sent."
  }

  assert {
    condition     = google_cloud_scheduler_job.maintenance["cleanup"].pubsub_target[0].topic_name == "projects/acme-release/topics/release-requests"
    error_message = "Maintenance takes the way of every request."
  }

  assert {
    condition     = google_cloud_scheduler_job.reconcile.schedule == "* * * * *" && length(google_cloud_scheduler_job.reconcile.http_target[0].oidc_token) == 1
    error_message = "Reconcile runs every minute, signed."
  }
}

run "scripts_see_what_their_job_is_given_but_not_what_opens_the_agents_sources" {
  command = plan

  variables {
    environments = {
      named = { variables = { INTERLOCK_SCRIPT_VARIABLES = "REGION", REGION = "europe-west1", ZONE = "b" } }
      plain = {}
      rich = {
        secrets = { NEXUS_TOKEN = { secret = "nexus", version = "1" }, TF_VAR_password = { secret = "database", version = "2" } }
        variables = {
          INTERLOCK_SOURCE_CREDENTIALS = "{\"https://nexus.example/\": {\"bearer_env\": \"NEXUS_TOKEN\"}}"
          REGION                       = "europe-west1"
        }
      }
    }
  }

  assert {
    condition     = { for name, told in local.job_variables : name => told["INTERLOCK_SCRIPT_VARIABLES"] } == { named = "REGION", plain = "", rich = "REGION TF_VAR_password" }
    error_message = "A job's variables and secrets reach its scripts, but for the agent's own, or just those that the environment names."
  }

  assert {
    condition     = contains([for one in google_cloud_run_v2_job.agent["rich/release-agent"].template[0].template[0].containers[0].env : one.value if one.name == "INTERLOCK_SCRIPT_VARIABLES"], "REGION TF_VAR_password")
    error_message = "The job itself is told."
  }
}

run "every_function_runs_on_the_newest_python_in_full_support" {
  command = plan

  assert {
    condition     = alltrue([for one in google_cloudfunctions2_function.this : one.build_config[0].runtime == "python314"])
    error_message = "Every function runs on the default Python."
  }
}

run "every_function_runs_on_the_python_that_is_asked_for" {
  command = plan

  variables {
    python_runtime = "python312"
  }

  assert {
    condition     = alltrue([for one in google_cloudfunctions2_function.this : one.build_config[0].runtime == "python312"])
    error_message = "Every function runs on the Python of the variable."
  }
}
