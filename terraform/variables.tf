variable "agent_image" {
  description = "The agent's container image by digest: `REGION-docker.pkg.dev/PROJECT/REPOSITORY/NAME@sha256:…`. Applying the former digest is the rollback."
  type        = string

  validation {
    condition     = can(regex("^[^@\\s]+@sha256:[0-9a-f]{64}$", var.agent_image))
    error_message = "Write the image with its digest, as NAME@sha256:64 hexadecimal digits; a tag can change under a release."
  }
}

variable "alerting" {
  description = "When the alert policies speak; `rate_limit` is the least time between two notifications of one dead-letter policy."
  type = object({
    auto_close            = optional(string, "86400s")
    backlog_messages      = optional(number, 100)
    failed_executions     = optional(bool, true)
    function_errors       = optional(number, 5)
    oldest_unacked        = optional(string, "600s")
    rate_limit            = optional(string, "300s")
    reconcile_silent_for  = optional(string, "600s")
    failed_release_states = optional(set(string), ["failed", "errored"])
  })
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for text in [var.alerting.auto_close, var.alerting.oldest_unacked, var.alerting.rate_limit, var.alerting.reconcile_silent_for] :
      can(regex("^[1-9][0-9]*s$", text))
    ])
    error_message = "Write durations of alerting in seconds with an s, as \"600s\"."
  }

  validation {
    condition     = var.alerting.backlog_messages >= 1 && var.alerting.function_errors >= 1
    error_message = "Write backlog_messages and function_errors as numbers of at least 1."
  }

  validation {
    condition     = length(setsubtract(var.alerting.failed_release_states, ["failed", "errored", "cancelled", "expired"])) == 0
    error_message = "Write failed_release_states from: failed, errored, cancelled, expired."
  }
}

variable "audit_delivery" {
  description = "The ways a job's completion reaches report_status: `sink` (log sink and Pub/Sub) and `eventarc`; duplicates are harmless, so both may stand."
  type        = set(string)
  default     = ["sink", "eventarc"]
  nullable    = false

  validation {
    condition     = length(var.audit_delivery) > 0 && length(setsubtract(var.audit_delivery, ["sink", "eventarc"])) == 0
    error_message = "Write audit_delivery as [\"sink\"], [\"eventarc\"] or [\"sink\", \"eventarc\"]; with none no release would ever be closed in time."
  }
}

variable "buckets" {
  description = "Names (default `PROJECT-interlock-…`) and retention of the buckets. Results are kept for `results_days`, replaced artifacts for `noncurrent_days`."
  type = object({
    artifacts       = optional(string)
    noncurrent_days = optional(number, 90)
    results         = optional(string)
    results_days    = optional(number, 400)
    source          = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.buckets.noncurrent_days >= 1 && var.buckets.results_days >= 1
    error_message = "Write noncurrent_days and results_days as numbers of days, at least 1."
  }

  validation {
    condition = alltrue([
      for name in compact([var.buckets.artifacts, var.buckets.results, var.buckets.source]) :
      can(regex("^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$", name))
    ])
    error_message = "Write a bucket's name without gs://, in lower case, 3 to 63 characters."
  }
}

variable "ci" {
  description = "Who publishes releases: IAM `members`, and identities of an OIDC provider (`federation`, Workload Identity Federation without a key; `principals` are attribute values as `attribute.repository/acme/app`). With `reads_ledger` they may wait for a release's end."
  type = object({
    members      = optional(set(string), [])
    reads_ledger = optional(bool, true)
    federation = optional(object({
      attribute_condition = string
      attribute_mapping   = optional(map(string), { "google.subject" = "assertion.sub", "attribute.repository" = "assertion.repository" })
      issuer_uri          = string
      principals          = set(string)
    }))
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for member in var.ci.members : can(regex("^(serviceAccount|user|group|principal|principalSet):[^*]+$", member))])
    error_message = "Write each of ci.members as serviceAccount:…, group:…, user:…, principal:… or principalSet:…; the public may not publish releases."
  }

  validation {
    condition     = var.ci.federation == null || can(regex("^https://", var.ci.federation.issuer_uri))
    error_message = "Write ci.federation.issuer_uri as the https:// address of the OIDC issuer."
  }

  validation {
    condition     = var.ci.federation == null || try(length(var.ci.federation.attribute_condition) > 0, false)
    error_message = "Write ci.federation.attribute_condition, as \"assertion.repository_owner == 'acme'\"; without it any tenant of the issuer could sign in."
  }

  validation {
    condition     = var.ci.federation == null || try(alltrue([for one in var.ci.federation.principals : can(regex("^(subject|attribute\\.[a-z_]+)/[^*]+$", one))]), false)
    error_message = "Write each of ci.federation.principals as subject/VALUE or attribute.NAME/VALUE."
  }
}

variable "environments" {
  description = "The targets: each gets its runtime identity and its jobs, by default one `release-agent`. `project` and `location` may differ from Interlock's own. `secrets` are environment variables from Secret Manager, `secret_files` are files by path, both pinned to a version; `variables` are plain ones; scripts see both kinds of variables, or those that `INTERLOCK_SCRIPT_VARIABLES` names."
  type = map(object({
    allowed_sources = optional(list(string))
    jobs = optional(map(object({
      cpu             = optional(string, "1")
      memory          = optional(string, "1Gi")
      timeout_seconds = optional(number, 3600)
    })), { release-agent = {} })
    location = optional(string)
    network = optional(object({
      egress     = optional(string, "PRIVATE_RANGES_ONLY")
      network    = string
      subnetwork = string
      tags       = optional(list(string), [])
    }))
    project_id   = optional(string)
    secret_files = optional(map(object({ secret = string, version = string })), {})
    secrets      = optional(map(object({ secret = string, version = string })), {})
    variables    = optional(map(string), {})
  }))

  validation {
    condition     = length(var.environments) > 0
    error_message = "Write at least one environment, as environments = { staging = {} }."
  }

  validation {
    condition     = alltrue([for name in keys(var.environments) : can(regex("^[a-z][a-z0-9-]{0,15}$", name))])
    error_message = "Write environment names in lower case, beginning with a letter, at most 16 characters; they become part of account and job names."
  }

  validation {
    condition     = alltrue([for env in values(var.environments) : length(env.jobs) > 0 && alltrue([for name in keys(env.jobs) : can(regex("^[a-z][a-z0-9-]{0,31}$", name))])])
    error_message = "Write at least one job for each environment, its name in lower case, at most 32 characters."
  }

  validation {
    condition     = alltrue(flatten([for env in values(var.environments) : [for job in values(env.jobs) : job.timeout_seconds >= 1 && job.timeout_seconds <= 604800]]))
    error_message = "Write a job's timeout_seconds between 1 and 604800 (7 days), Cloud Run's limit."
  }

  validation {
    condition = alltrue(flatten([
      for env in values(var.environments) : [for one in concat(values(env.secrets), values(env.secret_files)) : can(regex("^[1-9][0-9]*$", one.version))]
    ]))
    error_message = "Write a secret's version as its number, as \"3\"; \"latest\" would change a job without an apply."
  }

  validation {
    condition     = alltrue(flatten([for env in values(var.environments) : [for path in keys(env.secret_files) : can(regex("^/[^/]+(/[^/]+)+$", path))]]))
    error_message = "Write a secret file's key as an absolute path with a folder of its own, as \"/secrets/nexus/token\"."
  }

  validation {
    condition     = alltrue([for env in values(var.environments) : env.network == null || contains(["ALL_TRAFFIC", "PRIVATE_RANGES_ONLY"], try(env.network.egress, ""))])
    error_message = "Write network.egress as ALL_TRAFFIC or PRIVATE_RANGES_ONLY."
  }
}

variable "functions" {
  description = "Size of a function by its name: dispatch_release, report_status, alert_dead_letter, reconcile_releases. What is left out: concurrency 20, cpu 1, max_instances 10, memory 512Mi, min_instances 0, timeout_seconds 60."
  type = map(object({
    concurrency     = optional(number)
    cpu             = optional(string)
    max_instances   = optional(number)
    memory          = optional(string)
    min_instances   = optional(number)
    timeout_seconds = optional(number)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length(setsubtract(keys(var.functions), ["dispatch_release", "report_status", "alert_dead_letter", "reconcile_releases"])) == 0
    error_message = "Write functions by name: dispatch_release, report_status, alert_dead_letter, reconcile_releases."
  }

  validation {
    condition = alltrue([
      for f in values(var.functions) : coalesce(f.min_instances, 0) >= 0 && coalesce(f.max_instances, 10) >= max(1, coalesce(f.min_instances, 0))
    ])
    error_message = "Write min_instances as at least 0 and max_instances as at least 1 and no less than min_instances."
  }

  validation {
    condition     = alltrue([for f in values(var.functions) : coalesce(f.timeout_seconds, 60) >= 30 && coalesce(f.timeout_seconds, 60) <= 540])
    error_message = "Write a function's timeout_seconds between 30 (a start takes up to 20) and 540 (Pub/Sub waits 600 at most)."
  }

  validation {
    condition     = alltrue([for f in values(var.functions) : coalesce(f.concurrency, 20) >= 1 && coalesce(f.concurrency, 20) <= 1000])
    error_message = "Write concurrency between 1 and 1000."
  }
}

variable "instance" {
  description = "Name of this installation, part of every status event's source; default the project."
  type        = string
  default     = null

  validation {
    condition     = var.instance == null || can(regex("^[a-z0-9][a-z0-9.-]{0,62}$", var.instance))
    error_message = "Write instance in lower case letters, digits, dots and hyphens, at most 63 characters."
  }
}

variable "labels" {
  description = "Labels on everything that can carry them."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "ledger" {
  description = "The Firestore database of the ledger. Closed releases are deleted `retention_days` after their last change, dead letters that long after they were replayed or discarded; daily backups are kept for `backup_days`."
  type = object({
    backup_days       = optional(number, 14)
    database          = optional(string, "interlock")
    delete_protection = optional(bool, true)
    location          = optional(string)
    retention_days    = optional(number, 400)
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,61}[a-z0-9]$", var.ledger.database))
    error_message = "Write ledger.database as 4 to 63 lower case letters, digits and hyphens; \"(default)\" may belong to something else."
  }

  validation {
    condition     = var.ledger.retention_days >= 32 && var.ledger.backup_days >= 1 && var.ledger.backup_days <= 98
    error_message = "Write ledger.retention_days as at least 32 (dead letters stay 31 days) and backup_days between 1 and 98."
  }
}

variable "location" {
  description = "Region of everything that has one, as `europe-west1`."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.location))
    error_message = "Write location as a region, as europe-west1; Cloud Run has no multi-regions."
  }
}

variable "notification_channels" {
  description = "Who is told, by name: a Cloud Monitoring channel's `type` and `labels`, or the `id` of one that exists; `severities` picks what it hears (default all)."
  type = map(object({
    id         = optional(string)
    labels     = optional(map(string), {})
    severities = optional(set(string), ["CRITICAL", "ERROR", "WARNING"])
    type       = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for one in values(var.notification_channels) : (one.id == null) != (one.type == null)])
    error_message = "Write either type (with labels) or id for each notification channel."
  }

  validation {
    condition     = alltrue([for one in values(var.notification_channels) : length(setsubtract(one.severities, ["CRITICAL", "ERROR", "WARNING"])) == 0])
    error_message = "Write severities from: CRITICAL, ERROR, WARNING."
  }
}

variable "perimeter" {
  description = "Puts Interlock's projects into a VPC Service Controls perimeter of the access policy (a number). `dry_run` only logs what would be refused. `access_levels` lets CI and people in from outside."
  type = object({
    access_levels = optional(set(string), [])
    access_policy = string
    dry_run       = optional(bool, true)
  })
  default = null

  validation {
    condition     = var.perimeter == null || can(regex("^[0-9]+$", var.perimeter.access_policy))
    error_message = "Write perimeter.access_policy as the policy's number alone."
  }
}

variable "project_id" {
  description = "Project that holds Interlock."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "Write project_id as the project's id (letters, digits, hyphens), not its number or name."
  }
}

variable "python_runtime" {
  description = "Python of the functions, as Cloud Functions names it: `pythonNNN`, 311 or newer. The default is the newest that Google supports in full; the agent's image is built on the same."
  type        = string
  default     = "python314"
  nullable    = false

  validation {
    condition     = can(regex("^python3(1[1-9]|[2-9][0-9])$", var.python_runtime))
    error_message = "Write python_runtime as python311 or newer, without a dot, as python314."
  }
}

variable "routes" {
  description = "The routes as `schemas/routes.v1.json` has them, first match first; `job` may also be ENVIRONMENT or ENVIRONMENT/JOB of `environments`. Default: one route per environment, to its first job, with its allowed sources."
  type        = any
  default     = null

  validation {
    condition     = var.routes == null || can([for route in var.routes : "${route.name} ${route.job}"])
    error_message = "Write routes as a list of objects, each with at least name and job; see schemas/routes.v1.json."
  }

  validation {
    condition     = var.routes == null || try(length(var.routes) > 0 && length(distinct(var.routes[*].name)) == length(var.routes), true)
    error_message = "Write at least one route, and give each a name of its own."
  }

  validation {
    condition = var.routes == null || try(alltrue([
      for route in var.routes : anytrue([
        can(regex("^projects/[^/]+/locations/[^/]+/jobs/[^/]+$", route.job)),
        contains(keys(var.environments), route.job),
        try(contains(keys(var.environments[split("/", route.job)[0]].jobs), split("/", route.job)[1]), false),
      ])
    ]), true)
    error_message = "Write a route's job as ENVIRONMENT, ENVIRONMENT/JOB or projects/PROJECT/locations/REGION/jobs/JOB."
  }
}

variable "schedules" {
  description = "Maintenance by the clock: `message` is a maintenance request, `schedule` five cron fields. Each tick is a release of its own."
  type = map(object({
    message = object({
      params          = optional(map(string))
      reason          = optional(string)
      requested_by    = optional(string)
      service         = optional(string)
      target_env      = optional(string)
      task            = string
      timeout_seconds = optional(number)
    })
    paused    = optional(bool, false)
    schedule  = string
    time_zone = optional(string, "Etc/UTC")
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.schedules) : can(regex("^[a-z][a-z0-9-]{0,62}$", name)) && name != "reconcile"])
    error_message = "Write a schedule's name in lower case letters, digits and hyphens; \"reconcile\" is taken."
  }

  validation {
    condition     = alltrue([for one in values(var.schedules) : can(regex("^\\S+( \\S+){4}$", one.schedule))])
    error_message = "Write a schedule as five cron fields, as \"0 6 * * 1-5\"."
  }

  validation {
    condition     = alltrue([for one in values(var.schedules) : can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", one.message.task))])
    error_message = "Write the message's task in letters, digits, dots, hyphens and underscores, as { task = \"reindex\", target_env = \"staging\" }."
  }
}

variable "tuning" {
  description = "Settings of the functions; what is left out keeps the default of functions/interlock/config.py."
  type = object({
    lease_seconds         = optional(number)
    max_starts            = optional(number)
    reconcile_page        = optional(number)
    runbooks              = optional(string)
    start_timeout_seconds = optional(number)
  })
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for number in [var.tuning.lease_seconds, var.tuning.max_starts, var.tuning.reconcile_page, var.tuning.start_timeout_seconds] :
      number == null || try(number >= 1 && floor(number) == number, false)
    ])
    error_message = "Write the numbers of tuning as whole numbers of at least 1."
  }

  validation {
    condition     = var.tuning.runbooks == null || can(regex("^https://", var.tuning.runbooks))
    error_message = "Write tuning.runbooks as an https:// address."
  }
}
