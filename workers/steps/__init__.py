"""The one place where the stages are strung together: load, decide, effect, record.

| step            | from → to                                                                         |
| --------------- | --------------------------------------------------------------------------------- |
| `take_in`       | an understood request → events that are durable                                   |
| `route`         | a received event → deliveries, each with its reason; the timers of its dossier    |
| `fire`          | timers whose time has come → events                                               |
| `deliver`       | due deliveries → attempts, outcomes, the next state; also deadlines and fallbacks |
| `receipts`      | stored callbacks → the states that they prove                                     |
| `read_messages` | messages of an inbox that a person has read → `read`, proof of their delivery     |
| `callbacks`     | what deliveries came to → told to the dossier systems, signed                     |
"""

from workers.steps.delivering import deliver, new_calls
from workers.steps.gathering import OURS
from workers.steps.intake import Intake, Post, Taken, new_intake, take_in
from workers.steps.reading import read_messages
from workers.steps.receiving import Stated, apply_facts, receipts
from workers.steps.reminding import fire
from workers.steps.routing import route
from workers.steps.telling import Tellings, callbacks

__all__ = [
    "OURS",
    "Intake",
    "Post",
    "Stated",
    "Taken",
    "Tellings",
    "apply_facts",
    "callbacks",
    "deliver",
    "fire",
    "new_calls",
    "new_intake",
    "read_messages",
    "receipts",
    "route",
    "take_in",
]
