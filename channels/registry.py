"""Adapter name → module. Adding a channel is one file beside this one and one line here."""

ADAPTERS: dict[str, str] = {
    "portal": "channels.portal",
    "email_smtp": "channels.email_smtp",
    "sms_esms": "channels.sms_esms",
    "zalo": "channels.zalo",
}
"""A channel's settings name its adapter: `[channels.sms] adapter = "sms_esms"`."""
