# No way out but through the own network: a VPC Service Controls perimeter, and artifacts from a Nexus that only the
# network knows. The agent gets the credentials as a file, which its logs mask.
module "interlock" {
  source = "../.."

  agent_image    = var.agent_image
  audit_delivery = ["sink"]
  location       = "europe-west1"
  project_id     = "acme-release"

  environments = {
    production = {
      allowed_sources = ["https://nexus.acme.internal/repository/releases/"]
      network = {
        egress     = "ALL_TRAFFIC"
        network    = "projects/acme-network/global/networks/shared"
        subnetwork = "projects/acme-network/regions/europe-west1/subnetworks/releases"
        tags       = ["release-agent"]
      }
      secret_files = { "/secrets/nexus/netrc" = { secret = "nexus-netrc", version = "7" } }
    }
  }

  routes = [{
    name            = "production"
    match           = { target_env = "production" }
    job             = "production"
    allowed_sources = ["https://nexus.acme.internal/repository/releases/"]
    require_digest  = true
  }]

  ci        = { members = ["serviceAccount:ci@acme-build.iam.gserviceaccount.com"], reads_ledger = false }
  ledger    = { retention_days = 3650 }
  perimeter = { access_policy = "123456789", access_levels = ["accessPolicies/123456789/accessLevels/ci"], dry_run = false }
}

output "requests_topic" {
  value = module.interlock.requests_topic
}
