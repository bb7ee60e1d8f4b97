# Who is told. A channel with a secret (chat, pager) is made by hand and named by id: its token is in no state file.
locals {
  severities = toset(["CRITICAL", "ERROR", "WARNING"])
  channel_ids = {
    for name, one in var.notification_channels : name => one.id != null ? one.id : google_monitoring_notification_channel.this[name].id
  }
  channels = {
    for severity in local.severities : severity => [
      for name, one in var.notification_channels : local.channel_ids[name] if contains(one.severities, severity)
    ]
  }
}

resource "google_monitoring_notification_channel" "this" {
  for_each = { for name, one in var.notification_channels : name => one if one.id == null }

  project      = var.project_id
  display_name = "Interlock: ${each.key}"
  type         = each.value.type
  labels       = each.value.labels

  depends_on = [google_project_service.api]
}
