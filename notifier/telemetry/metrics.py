"""Every metric of the service, with its unit and what it counts. No label ever names a person, dossier or message.

| metric                              | unit    | how many …                                                        |
| ----------------------------------- | ------- | ----------------------------------------------------------------- |
| notifier_requests_total             | –       | HTTP requests were answered, by route and status                  |
| notifier_request_seconds            | seconds | an answer took, by route                                          |
| notifier_events_total               | –       | events came in, by source and result (accepted, duplicate, refused) |
| notifier_receipts_total             | –       | callbacks came in, by channel and result (stored, refused)        |
| notifier_attempts_total             | –       | calls to providers ended, by channel and outcome                  |
| notifier_attempt_seconds            | seconds | a call to a provider took, by channel                             |
| notifier_callbacks_total            | –       | callbacks were posted to dossier systems, by source and result     |
| notifier_seq_gaps_total             | –       | events came while numbers before theirs were missing, by source   |
| notifier_timers_fired_total         | –       | reminders became events because their time had come, by type      |
| notifier_no_contact_total           | –       | events had nobody who could be reached but by the inbox           |
| notifier_template_faults_total      | –       | messages could not be rendered, by channel                        |
| notifier_rings_lost_total           | –       | rings failed or found a long queue; the dispatcher rings again    |
| notifier_rings_repeated_total       | –       | rows had to be rung for again, by kind                            |
| notifier_step_failures_total        | –       | batches of a step failed and will be tried again, by step         |
| notifier_unfinished_rows            | –       | rows have work ahead of them, by kind (read from the database)    |
| notifier_overdue_seconds            | seconds | the oldest due row has waited, by kind (read from the database)   |
| notifier_provider_passes            | –       | 1 where messages pass to a provider, 0 where its circuit is open or it is paused (database) |
| notifier_grant_days_left            | days    | days until the grant of an Official Account ends; 0 where it is missing or lost (database) |
| notifier_calendar_days_left         | days    | days ahead the working calendar is kept for; 0 where this year is missing (database) |
"""

from prometheus_client import Counter, Histogram

REQUESTS = Counter("notifier_requests_total", "HTTP requests answered", ["route", "status"])
REQUEST_SECONDS = Histogram("notifier_request_seconds", "Time to answer", ["route"])
EVENTS = Counter("notifier_events_total", "Events that came in", ["source", "result"])
RECEIPTS = Counter("notifier_receipts_total", "Callbacks that came in", ["channel", "result"])
ATTEMPTS = Counter("notifier_attempts_total", "Calls to providers that ended", ["channel", "outcome"])
ATTEMPT_SECONDS = Histogram("notifier_attempt_seconds", "Duration of calls to providers", ["channel"])
CALLBACKS = Counter("notifier_callbacks_total", "Callbacks posted to dossier systems", ["source", "result"])
SEQ_GAPS = Counter("notifier_seq_gaps_total", "Events after a gap in their dossier's numbers", ["source"])
TIMERS_FIRED = Counter("notifier_timers_fired_total", "Timers that fired", ["type"])
NO_CONTACT = Counter("notifier_no_contact_total", "Events with no usable contact")
TEMPLATE_FAULTS = Counter("notifier_template_faults_total", "Messages that could not be rendered", ["channel"])
RINGS_LOST = Counter("notifier_rings_lost_total", "Rings of the bell that failed")
RINGS_REPEATED = Counter("notifier_rings_repeated_total", "Rings of the dispatcher for what nobody works on", ["kind"])
STEP_FAILURES = Counter("notifier_step_failures_total", "Batches of a step that failed", ["step"])
