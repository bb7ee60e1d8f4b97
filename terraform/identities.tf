# One identity per function, per caller of a function, and per environment. Nobody gets a key.
locals {
  invokers = toset(["dispatch_release", "report_status", "alert_dead_letter", "reconcile_releases"])
}

resource "google_service_account" "function" {
  for_each = local.functions

  project      = var.project_id
  account_id   = "interlock-${split("_", each.value)[0]}"
  display_name = "Interlock: runs ${each.value}"
}

resource "google_service_account" "invoker" {
  for_each = local.invokers

  project      = var.project_id
  account_id   = "interlock-call-${split("_", each.value)[0]}"
  display_name = "Interlock: calls ${each.value} and nothing else"
}

resource "google_service_account" "eventarc" {
  count = local.uses_eventarc ? 1 : 0

  project      = var.project_id
  account_id   = "interlock-eventarc"
  display_name = "Interlock: delivers audit log events to report_status"
}

resource "google_service_account" "build" {
  project      = var.project_id
  account_id   = "interlock-build"
  display_name = "Interlock: builds the functions' images"
}

resource "google_service_account" "runtime" {
  for_each = local.environments

  project      = each.value.project_id
  account_id   = "interlock-run-${each.key}"
  display_name = "Interlock: runs the releases of ${each.key}"
}
