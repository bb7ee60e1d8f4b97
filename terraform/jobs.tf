# The Cloud Run jobs, by environment and job name. A retry is a new release's business, so max_retries is 0.
locals {
  jobs = merge([
    for env_name, env in local.environments : {
      for job_name, job in env.jobs : "${env_name}/${job_name}" => merge(job, {
        environment = env_name
        name        = "${job_name}-${env_name}"
      })
    }
  ]...)
  job_paths = {
    for key, job in local.jobs :
    key => "projects/${local.environments[job.environment].project_id}/locations/${local.environments[job.environment].location}/jobs/${job.name}"
  }

  # The secrets of an environment: once each, though a variable and a file may show the same one.
  secret_ids = merge([
    for name, env in local.environments : {
      for id in toset([for one in concat(values(env.secrets), values(env.secret_files)) : one.secret]) :
      "${name}/${id}" => { environment = name, project = env.project_id, secret = id }
    }
  ]...)

  # What opens the agent's sources is the agent's alone; all else that a job is given is for its scripts.
  source_credentials = {
    for name, env in local.environments : name => try(flatten([
      for one in values(jsondecode(env.variables["INTERLOCK_SOURCE_CREDENTIALS"])) : values(one)
    ]), [])
  }
  lent_variables = {
    for name, env in local.environments : name => {
      INTERLOCK_SCRIPT_VARIABLES = join(" ", sort(setsubtract(
        [for key in concat(keys(env.variables), keys(env.secrets)) : key if !startswith(key, "INTERLOCK_")],
        local.source_credentials[name],
      )))
    }
  }

  # What every job of an environment is told; releases add their own when they start.
  job_variables = {
    for name, env in local.environments : name => merge(local.lent_variables[name], env.variables, {
      INTERLOCK_ALLOWED_SOURCES = join(" ", env.allowed_sources)
      INTERLOCK_RESULTS         = "gs://${google_storage_bucket.this["results"].name}"
    }, length(env.secret_files) > 0 ? { INTERLOCK_SECRET_FILES = join(" ", keys(env.secret_files)) } : {})
  }
}

resource "google_cloud_run_v2_job" "agent" {
  for_each = local.jobs

  project             = local.environments[each.value.environment].project_id
  location            = local.environments[each.value.environment].location
  name                = each.value.name
  deletion_protection = false
  labels              = merge(var.labels, { environment = each.value.environment })

  template {
    task_count = 1

    template {
      execution_environment = "EXECUTION_ENVIRONMENT_GEN2"
      max_retries           = 0
      service_account       = google_service_account.runtime[each.value.environment].email
      timeout               = "${each.value.timeout_seconds}s"

      containers {
        image = var.agent_image

        resources {
          limits = { cpu = each.value.cpu, memory = each.value.memory }
        }

        dynamic "env" {
          for_each = local.job_variables[each.value.environment]

          content {
            name  = env.key
            value = env.value
          }
        }

        dynamic "env" {
          for_each = local.environments[each.value.environment].secrets

          content {
            name = env.key

            value_source {
              secret_key_ref {
                secret  = env.value.secret
                version = env.value.version
              }
            }
          }
        }

        dynamic "volume_mounts" {
          for_each = local.environments[each.value.environment].secret_files

          content {
            name       = "secret-${index(keys(local.environments[each.value.environment].secret_files), volume_mounts.key)}"
            mount_path = dirname(volume_mounts.key)
          }
        }
      }

      dynamic "volumes" {
        for_each = local.environments[each.value.environment].secret_files

        content {
          name = "secret-${index(keys(local.environments[each.value.environment].secret_files), volumes.key)}"

          secret {
            secret       = volumes.value.secret
            default_mode = 292 # 0444: the agent is not root

            items {
              path    = basename(volumes.key)
              version = volumes.value.version
            }
          }
        }
      }

      dynamic "vpc_access" {
        for_each = local.environments[each.value.environment].network[*]

        content {
          egress = vpc_access.value.egress

          network_interfaces {
            network    = vpc_access.value.network
            subnetwork = vpc_access.value.subnetwork
            tags       = vpc_access.value.tags
          }
        }
      }
    }
  }

  lifecycle {
    precondition {
      condition = length(distinct([
        for path in keys(local.environments[each.value.environment].secret_files) : dirname(path)
      ])) == length(local.environments[each.value.environment].secret_files)
      error_message = "Give each of secret_files a folder of its own: Cloud Run mounts one secret in one folder."
    }

    # A domain that publishes to another project's topic would need an event trigger per project.
    precondition {
      condition = contains(var.audit_delivery, "sink") || (
        local.environments[each.value.environment].project_id == var.project_id && local.environments[each.value.environment].location == var.location
      )
      error_message = "Add \"sink\" to audit_delivery: Eventarc does not deliver the completions of another project or region."
    }
  }

  depends_on = [
    google_artifact_registry_repository_iam_member.puller,
    google_project_service.api,
    google_secret_manager_secret_iam_member.runtime,
  ]
}

# What every release needs of its environment's identity. What the scripts themselves do is granted by whoever owns it.
resource "google_storage_bucket_iam_member" "runtime_artifacts" {
  for_each = local.environments

  bucket = google_storage_bucket.this["artifacts"].name
  role   = "roles/storage.objectViewer"
  member = local.member["runtime/${each.key}"]
}

# Create, never overwrite: this role has no storage.objects.delete, which a replacement needs.
resource "google_storage_bucket_iam_member" "runtime_results" {
  for_each = local.environments

  bucket = google_storage_bucket.this["results"].name
  role   = "roles/storage.objectCreator"
  member = local.member["runtime/${each.key}"]
}

# Whoever finds the fence taken reads by whom; a task that is tried again reads what it has done.
resource "google_storage_bucket_iam_member" "runtime_fence" {
  for_each = local.environments

  bucket = google_storage_bucket.this["results"].name
  role   = "roles/storage.objectViewer"
  member = local.member["runtime/${each.key}"]
}

resource "google_secret_manager_secret_iam_member" "runtime" {
  for_each = local.secret_ids

  project   = each.value.project
  secret_id = each.value.secret
  role      = "roles/secretmanager.secretAccessor"
  member    = local.member["runtime/${each.value.environment}"]
}
