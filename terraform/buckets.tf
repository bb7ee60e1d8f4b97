# Three buckets: sources of the functions, artifacts of the releases, results of the agent.
locals {
  bucket_names = {
    artifacts = coalesce(var.buckets.artifacts, "${var.project_id}-interlock-artifacts")
    results   = coalesce(var.buckets.results, "${var.project_id}-interlock-results")
    source    = coalesce(var.buckets.source, "${var.project_id}-interlock-source")
  }
  # Days after which an object goes by itself, and a replaced one.
  bucket_ages = {
    artifacts = { live = null, noncurrent = var.buckets.noncurrent_days }
    results   = { live = var.buckets.results_days, noncurrent = 1 }
    source    = { live = null, noncurrent = var.buckets.noncurrent_days }
  }
}

resource "google_storage_bucket" "this" {
  # checkov:skip=CKV_GCP_62:Access shows in Cloud Audit Logs (data access) where it is wanted; the older usage logs would need a bucket of their own.
  for_each = local.bucket_names

  project                     = var.project_id
  name                        = each.value
  location                    = var.location
  labels                      = var.labels
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true

  versioning {
    enabled = true
  }

  dynamic "lifecycle_rule" {
    for_each = local.bucket_ages[each.key].live == null ? [] : [local.bucket_ages[each.key].live]

    content {
      action {
        type = "Delete"
      }
      condition {
        age        = lifecycle_rule.value
        with_state = "LIVE"
      }
    }
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = local.bucket_ages[each.key].noncurrent
      with_state                 = "ARCHIVED"
    }
  }

  depends_on = [google_project_service.api]
}
