"""What all pretend providers share."""

from dataclasses import dataclass

from notifier.domain.clock import Clock
from notifier.sandbox.callbacks import Callbacks
from notifier.sandbox.ledger import Ledger
from notifier.sandbox.messages import Messages
from notifier.sandbox.script import Script
from notifier.sandbox.settings import SandboxSettings


@dataclass(frozen=True, slots=True)
class Parts:
    settings: SandboxSettings
    clock: Clock
    messages: Messages
    script: Script
    callbacks: Callbacks
    ledger: Ledger
