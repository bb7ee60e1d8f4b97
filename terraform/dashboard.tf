# One page: what comes in, what comes out, what waits, what it costs.
locals {
  charts = {
    "Releases by how they ended" = { filter = "metric.type=\"logging.googleapis.com/user/interlock/releases_ended\"", aligner = "ALIGN_DELTA", group = "metric.label.outcome" }
    "Steps of dispatch by state" = { filter = "metric.type=\"logging.googleapis.com/user/interlock/release_steps\"", aligner = "ALIGN_DELTA", group = "metric.label.state" }
    "Dead letters by reason"     = { filter = "metric.type=\"logging.googleapis.com/user/interlock/dead_letters\"", aligner = "ALIGN_DELTA", group = "metric.label.reason" }
    "Put back in motion"         = { filter = "metric.type=\"logging.googleapis.com/user/interlock/releases_due\"", aligner = "ALIGN_DELTA", group = "metric.label.state" }
    "Deliveries that failed"     = { filter = "metric.type=\"logging.googleapis.com/user/interlock/deliveries_failed\"", aligner = "ALIGN_DELTA", group = "metric.label.event" }
    "Queue time, median (s)"     = { filter = "metric.type=\"logging.googleapis.com/user/interlock/queue_seconds\"", aligner = "ALIGN_PERCENTILE_50", group = "resource.label.service_name" }
    "Queue time, p95 (s)"        = { filter = "metric.type=\"logging.googleapis.com/user/interlock/queue_seconds\"", aligner = "ALIGN_PERCENTILE_95", group = "resource.label.service_name" }
    "Run time, median (s)"       = { filter = "metric.type=\"logging.googleapis.com/user/interlock/run_seconds\"", aligner = "ALIGN_PERCENTILE_50", group = "resource.label.service_name" }
    "Run time, p95 (s)"          = { filter = "metric.type=\"logging.googleapis.com/user/interlock/run_seconds\"", aligner = "ALIGN_PERCENTILE_95", group = "resource.label.service_name" }
    "Lanes waiting over 5 min"   = { filter = "metric.type=\"logging.googleapis.com/user/interlock/releases_waiting\"", aligner = "ALIGN_DELTA", group = "metric.label.lane" }
    "Messages waiting"           = { filter = "resource.type=\"pubsub_subscription\" metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\"", aligner = "ALIGN_MAX", group = "resource.label.subscription_id" }
    "Oldest message (s)"         = { filter = "resource.type=\"pubsub_subscription\" metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\"", aligner = "ALIGN_MAX", group = "resource.label.subscription_id" }
    "Function time, p95 (ms)"    = { filter = "resource.type=\"cloud_run_revision\" metric.type=\"run.googleapis.com/request_latencies\"", aligner = "ALIGN_PERCENTILE_95", group = "resource.label.service_name" }
    "Jobs running"               = { filter = "resource.type=\"cloud_run_job\" metric.type=\"run.googleapis.com/job/running_executions\"", aligner = "ALIGN_MAX", group = "resource.label.job_name" }
    "Cost: instance time (s)"    = { filter = "resource.type=\"cloud_run_revision\" metric.type=\"run.googleapis.com/container/billable_instance_time\"", aligner = "ALIGN_DELTA", group = "resource.label.service_name" }
    "Cost: ledger reads"         = { filter = "resource.type=\"firestore.googleapis.com/Database\" metric.type=\"firestore.googleapis.com/document/read_ops_count\"", aligner = "ALIGN_DELTA", group = "resource.label.database_id" }
    "Cost: ledger writes"        = { filter = "resource.type=\"firestore.googleapis.com/Database\" metric.type=\"firestore.googleapis.com/document/write_ops_count\"", aligner = "ALIGN_DELTA", group = "resource.label.database_id" }
  }
}

resource "google_monitoring_dashboard" "this" {
  project = var.project_id

  dashboard_json = jsonencode({
    displayName = "Interlock"
    gridLayout = {
      columns = 3
      widgets = [
        for title, chart in local.charts : {
          title = title
          xyChart = {
            dataSets = [{
              plotType = "LINE"
              timeSeriesQuery = {
                timeSeriesFilter = {
                  filter = chart.filter
                  aggregation = {
                    alignmentPeriod    = strcontains(chart.filter, "releases_waiting") ? "300s" : "60s" # reconcile looks at who waits every 5 minutes
                    perSeriesAligner   = chart.aligner
                    crossSeriesReducer = startswith(chart.aligner, "ALIGN_PERCENTILE") ? "REDUCE_MAX" : "REDUCE_SUM"
                    groupByFields      = [chart.group]
                  }
                }
              }
            }]
          }
        }
      ]
    }
  })

  depends_on = [google_logging_metric.measure, google_logging_metric.this]
}
