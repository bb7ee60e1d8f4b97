# VPC Service Controls: what leaves the perimeter is refused even to an identity that holds the role.
locals {
  perimeter_resources = [
    for number in concat([data.google_project.this.number], values(data.google_project.foreign)[*].number) : "projects/${number}"
  ]
  perimeter_services = [for api in local.apis : api if !contains(["cloudscheduler.googleapis.com"], api)]
}

resource "google_access_context_manager_service_perimeter" "this" {
  count = length(var.perimeter[*])

  parent                    = "accessPolicies/${var.perimeter.access_policy}"
  name                      = "accessPolicies/${var.perimeter.access_policy}/servicePerimeters/interlock"
  title                     = "interlock"
  use_explicit_dry_run_spec = var.perimeter.dry_run

  dynamic "spec" {
    for_each = var.perimeter.dry_run ? [1] : []

    content {
      access_levels       = var.perimeter.access_levels
      resources           = local.perimeter_resources
      restricted_services = local.perimeter_services
    }
  }

  dynamic "status" {
    for_each = var.perimeter.dry_run ? [] : [1]

    content {
      access_levels       = var.perimeter.access_levels
      resources           = local.perimeter_resources
      restricted_services = local.perimeter_services
    }
  }
}
