# The smallest installation: one environment in Interlock's own project, CI as a service account, on-call by e-mail.
module "interlock" {
  source = "../.."

  agent_image  = var.agent_image
  location     = "europe-west1"
  project_id   = "acme-release"
  environments = { staging = {} }

  ci                    = { members = ["serviceAccount:ci@acme-build.iam.gserviceaccount.com"] }
  notification_channels = { oncall = { type = "email", labels = { email_address = "oncall@acme.example" } } }
}

output "requests_topic" {
  value = module.interlock.requests_topic
}
