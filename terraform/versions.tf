# The caller configures the provider; every resource here names its project, so that provider defaults do not matter.
terraform {
  required_version = ">= 1.9"

  required_providers {
    archive = {
      source  = "hashicorp/archive"
      version = "~> 2.4"
    }
    google = {
      source  = "hashicorp/google"
      version = "~> 8.7"
    }
  }
}
