# The functions' source: what functions/ holds, with the schemas beside main.py. Files are listed by extension, so that
# nothing that lies about is shipped, and the object is named for their hash, so that an unchanged bundle is no change.
locals {
  repository_root = "${path.module}/.."
  bundle_paths = merge(
    { for file in fileset("${local.repository_root}/functions", "**/*.py") : file => "${local.repository_root}/functions/${file}" },
    { "requirements.txt" = "${local.repository_root}/functions/requirements.txt" },
    { for file in fileset("${local.repository_root}/schemas", "*.json") : "schemas/${file}" => "${local.repository_root}/schemas/${file}" },
  )
  bundle_hash = sha256(jsonencode({ for name, file in local.bundle_paths : name => filesha256(file) }))
}

data "archive_file" "bundle" {
  type        = "zip"
  output_path = "${path.module}/.bundle/${local.bundle_hash}.zip"

  dynamic "source" {
    for_each = local.bundle_paths

    content {
      content  = file(source.value)
      filename = source.key
    }
  }
}

resource "google_storage_bucket_object" "bundle" {
  bucket = google_storage_bucket.this["source"].name
  name   = "functions/${local.bundle_hash}.zip"
  source = data.archive_file.bundle.output_path
}
