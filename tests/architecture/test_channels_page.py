"""The page of what each channel can do says what the adapters declare."""

from click.testing import CliRunner

from channels.abilities import Change, abilities_of, changes_of, markdown
from channels.registry import ADAPTERS
from notifier.cli.channels import command
from notifier.settings import ROOT


def test_the_page_is_the_one_that_the_command_writes():
    assert (ROOT / "docs" / "channels.md").read_text(encoding="utf-8") == markdown(), (
        "write it again: ./dev run notifier channels --markdown > docs/channels.md"
    )


def test_what_a_setting_changes_is_found_by_asking_the_adapter():
    assert list(changes_of("email_smtp")) == [
        Change("expects_success_dsn = true", "delivery", "yes"),
        Change("resend_unanswered = true", "doubles", "yes"),
    ]


def test_the_command_shows_the_adapters_that_are_named_or_all():
    one, everything = (CliRunner().invoke(command, arguments).output for arguments in (["zalo"], []))

    assert abilities_of("zalo")["needs"] in one
    assert "sms_esms" not in one
    assert all(f"{adapter}\n" in everything for adapter in ADAPTERS)


def test_an_adapter_that_is_not_there_is_named():
    result = CliRunner().invoke(command, ["sms_esm"])

    assert "sms_esms" in str(result.exception)
