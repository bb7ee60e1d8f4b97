terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 8.7"
    }
  }
}

provider "google" {}

variable "agent_image" {
  description = "The agent's image by digest, as the build pushed it."
  type        = string
  default     = "europe-west1-docker.pkg.dev/acme-release/interlock/agent@sha256:0000000000000000000000000000000000000000000000000000000000000000"
}
