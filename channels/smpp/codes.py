"""What a command_status means (SMPP 3.4, section 5.1.3). One that is not here, or not in the settings, is ambiguous."""

from collections.abc import Mapping

from channels.faults import Fault

OK = 0x00
INVALID_COMMAND = 0x03
INVALID_BIND_STATUS = 0x04
TEMPORARY_FAULT = 0x64

STATUSES: dict[int, Fault] = {
    0x01: Fault.CONFIG,  # message length
    0x02: Fault.CONFIG,  # command length
    0x03: Fault.CONFIG,  # command id
    INVALID_BIND_STATUS: Fault.TRANSIENT,  # bound in another way, or not any more
    0x05: Fault.CONFIG,  # already bound
    0x06: Fault.CONFIG,  # priority flag
    0x07: Fault.CONFIG,  # registered delivery flag
    0x08: Fault.TRANSIENT,  # system error
    0x0A: Fault.CONFIG,  # source address
    0x0B: Fault.RECIPIENT,  # destination address
    0x0C: Fault.CONFIG,  # message id
    0x0D: Fault.CONFIG,  # bind failed
    0x0E: Fault.CONFIG,  # password
    0x0F: Fault.CONFIG,  # system id
    0x14: Fault.QUOTA,  # message queue full
    0x15: Fault.CONFIG,  # service type
    0x40: Fault.CONFIG,  # destination flag
    0x43: Fault.CONFIG,  # esm_class
    0x45: Fault.TRANSIENT,  # submit failed
    0x48: Fault.CONFIG,  # source type of number
    0x49: Fault.CONFIG,  # source numbering plan
    0x50: Fault.CONFIG,  # destination type of number
    0x51: Fault.CONFIG,  # destination numbering plan
    0x53: Fault.CONFIG,  # system type
    0x58: Fault.QUOTA,  # throttled
    0x61: Fault.CONFIG,  # scheduled time
    0x62: Fault.CONFIG,  # validity period
    TEMPORARY_FAULT: Fault.TRANSIENT,
    0x65: Fault.TEMPLATE,  # permanent application error: this message
    0x66: Fault.TEMPLATE,  # rejected by the application: this message
    0xC0: Fault.CONFIG,  # 0xC0-0xC4: optional parameters
    0xC1: Fault.CONFIG,
    0xC2: Fault.CONFIG,
    0xC3: Fault.CONFIG,
    0xC4: Fault.CONFIG,
    0xFE: Fault.TRANSIENT,  # delivery failure
    0xFF: Fault.TRANSIENT,  # unknown error
}


def name_of(status: int) -> str:
    """For example 0x00000058, as the standard writes it."""
    return f"0x{status:08x}"


def fault_of(status: int, vendor: Mapping[int, Fault]) -> Fault:
    """`vendor` are the numbers of one provider; they come first."""
    return vendor.get(status) or STATUSES.get(status, Fault.AMBIGUOUS)
