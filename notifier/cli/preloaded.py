"""What the long-running processes have in common, imported by the server that they are forked from.

Whatever is in memory when the server forks is in memory once. Frozen, it is never looked at by the garbage collector
of a child, whose marks would make a copy of every page.
"""

import gc

from channels import email_smtp, portal
from notifier.cli import bounces, dispatcher, doctor, web, worker
from notifier.cli.supervisor import end_with_parent

__all__ = ["bounces", "dispatcher", "doctor", "email_smtp", "portal", "web", "worker"]

end_with_parent()
gc.collect()
gc.freeze()
