# The repository of the agent's image and of the functions' images.
locals {
  repository_path = "projects/${google_artifact_registry_repository.images.project}/locations/${google_artifact_registry_repository.images.location}/repositories/${google_artifact_registry_repository.images.repository_id}"
}

resource "google_artifact_registry_repository" "images" {
  # checkov:skip=CKV_GCP_84:Encrypted with Google's keys; the images hold published code and no secret.
  project       = var.project_id
  location      = var.location
  repository_id = "interlock"
  description   = "Interlock: the agent and the functions"
  format        = "DOCKER"
  labels        = var.labels

  docker_config {
    immutable_tags = false # Cloud Functions moves its tag "latest"; jobs name digests.
  }

  vulnerability_scanning_config {
    enablement_config = "INHERITED"
  }

  depends_on = [google_project_service.api]
}

# Cloud Run of another project pulls with that project's own agent.
resource "google_artifact_registry_repository_iam_member" "puller" {
  for_each = data.google_project.foreign

  project    = var.project_id
  location   = google_artifact_registry_repository.images.location
  repository = google_artifact_registry_repository.images.repository_id
  role       = "roles/artifactregistry.reader"
  member     = "serviceAccount:service-${each.value.number}@serverless-robot-prod.iam.gserviceaccount.com"
}
