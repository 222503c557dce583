from types import ModuleType
from typing import Any

import pytest

from channels.http import HttpClient
from channels.registry import ADAPTERS, addresses, load, parse_channel, serving
from notifier.domain.errors import SettingsError
from notifier.domain.ids import ChannelName

SMS = ChannelName("sms")
ESMS = {"adapter": "sms_esms", "api_key": "ak", "secret_key": "sk", "brandname": "TTHC", "receipt_key": "rk"}
EMAIL = {
    "adapter": "email_smtp",
    "host": "relay.example.gov.vn",
    "local_hostname": "tb.example.gov.vn",
    "sender_address": "hoso@example.gov.vn",
    "sender_name": "Một cửa",
    "bounce_secret": "b",
    "receipt_key": "r",
}


def fault(table: dict[str, object], channel: ChannelName = SMS) -> str:
    with pytest.raises(SettingsError) as error:
        parse_channel(channel, table)
    return str(error.value)


def settings_of(table: dict[str, object]) -> Any:
    (provider,) = parse_channel(SMS, table)
    return provider.settings


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_every_adapter_has_the_names_that_the_port_asks_for(adapter: str):
    module = load(adapter)
    names = ("Settings", "capabilities", "connect", "authentic", "facts")
    assert isinstance(module, ModuleType)
    assert [name for name in names if not hasattr(module, name)] == []


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_every_adapters_settings_are_frozen_and_refuse_unknown_keys(adapter: str):
    config = load(adapter).Settings.model_config
    assert (config.get("frozen"), config.get("extra")) == (True, "forbid")


def test_an_unknown_adapter_is_told_the_known_ones():
    text = fault({"adapter": "sms_esm"})
    assert f'there is no adapter "sms_esm"; one of {", ".join(ADAPTERS)} is expected.' in text
    assert text.endswith("Write sms_esms.")


def test_a_table_without_adapter_says_so():
    assert "channels.sms.adapter is missing" in fault({})


def test_good_settings_are_parsed_by_the_adapters_own_model():
    (provider,) = parse_channel(SMS, ESMS)
    assert provider.module is load("sms_esms")
    assert isinstance(provider.settings, provider.module.Settings)
    assert (provider.name, provider.channel) == ("sms", "sms")


def test_numbers_may_come_as_text_from_the_environment():
    settings = settings_of({**ESMS, "timeout_seconds": "30"})
    assert settings.model_dump()["timeout_seconds"] == 30.0


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"timeout_seconds": "30s"}, 'timeout_seconds is "30s"; a number of seconds is expected. Write 30.'),
        ({"timeout_seconds": 0}, "timeout_seconds is 0; a number of seconds more than 0 is expected."),
        ({"brandname": 8099}, 'brandname is 8099; a text in quotes is expected. Write "8099".'),
        ({"base_url": "rest"}, 'base_url is "rest"; an address that begins with http:// or https:// is expected.'),
        ({"brandnam": "X"}, "brandnam is not a setting; one of brandname, staff_brandname, message_class,"),
    ],
)
def test_a_fault_names_key_finding_expectation_and_remedy(more: dict[str, object], sentence: str):
    assert f"channels.sms.{sentence}" in fault({**ESMS, **more})


def test_several_providers_are_tried_in_the_order_of_the_file():
    first, second = parse_channel(SMS, {"providers": {"esms": ESMS, "second": {**ESMS, "rate_per_second": 5}}})
    assert [(each.name, each.channel) for each in (first, second)] == [("esms", "sms"), ("second", "sms")]
    assert (first.limits.rate_per_second, second.limits.rate_per_second) == (None, 5)


def test_a_channel_is_one_provider_or_several_and_not_both():
    assert "either one provider" in fault({**ESMS, "providers": {"second": ESMS}})
    assert "either one provider" in fault({"providers": {}})


def test_providers_of_one_channel_must_carry_the_same_messages():
    assert "do not carry the same messages" in fault({"providers": {"esms": ESMS, "mail": EMAIL}})


@pytest.mark.parametrize("key", ["rate_per_second", "daily_quota", "slow_receipt_seconds"])
def test_a_limit_must_be_more_than_nothing(key: str):
    assert f"channels.sms.{key} is 0; " in fault({**ESMS, key: 0})


def test_a_choice_is_told_its_values():
    text = fault({**EMAIL, "tls": "ssl"}, ChannelName("email"))
    assert 'channels.email.tls is "ssl"; one of "none", "opportunistic", "starttls", "tls" is expected.' in text


def test_a_missing_setting_is_named():
    assert "channels.sms.brandname is missing; a text in quotes is expected." in fault(
        {key: value for key, value in ESMS.items() if key != "brandname"}
    )


def test_a_faulty_secret_is_not_shown():
    text = fault({**ESMS, "api_key": 4711})
    assert "channels.sms.api_key is a secret (not shown); a secret text is expected." in text
    assert "4711" not in text


def test_all_faults_are_told_at_once():
    assert len(fault({"adapter": "sms_esms", "timeout_seconds": "x"}).splitlines()) == 5


def test_settings_never_show_their_secrets():
    settings = settings_of({**ESMS, "api_key": "AKAKAK", "secret_key": "SKSKSK", "receipt_key": "RKRKRK"})
    assert [secret for secret in ("AKAKAK", "SKSKSK", "RKRKRK") if secret in repr(settings)] == []


def test_the_addresses_of_a_channel_are_those_of_its_settings():
    settings = settings_of({**ESMS, "base_url": "http://127.0.0.1:9"})
    assert addresses(settings) == {"127.0.0.1:9"}


async def test_a_client_that_was_never_used_can_be_closed():
    await HttpClient(frozenset()).close()


SMPP = {"adapter": "sms_smpp", "host": "smsc.example.vn", "system_id": "tb", "password": "pw", "brandname": "TINHMAU"}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            {"agencies": {"H01": {"brandname": "TEN QUA DAI ROI"}}},
            'channels.sms.agencies.H01.brandname is "TEN QUA DAI ROI"; at most eleven letters, digits,',
        ),
        ({"agencies": {"H01": {"brand": "X"}}}, "channels.sms.agencies.H01.brand is not a setting; one of brandname"),
        (
            {"vendor_statuses": {"0x0400": "recipent"}},
            'channels.sms.vendor_statuses.0x0400 is "recipent"; one of "recipient", ',
        ),
        ({"message_class": "CARE"}, 'channels.sms.message_class is "CARE"; one of "CSKH", "QC", "DH" is expected.'),
    ],
)
def test_a_fault_inside_a_table_is_named_where_it_stands(more, said: str):
    assert said in fault({**SMPP, **more})


ZALO = {"adapter": "zalo", "app_id": "1", "oa_id": "2", "app_secret": "a", "oa_secret": "o"}


def accounts(**agencies: list[str]) -> dict[str, object]:
    return {"providers": {name: {**ZALO, "serves": codes} for name, codes in agencies.items()}}


@pytest.mark.parametrize(
    ("agency", "names"),
    [
        ("H01.14", ["department"]),
        ("H01.14.02", ["department"]),
        ("H01.14.05", ["desk"]),
        ("H01.140", ["province"]),
        ("H01", ["province"]),
        (None, ["province"]),
    ],
)
def test_the_nearest_agency_that_somebody_names_is_served_by_them(agency: str | None, names: list[str]):
    setups = parse_channel(ChannelName("zalo"), accounts(province=[], department=["H01.14"], desk=["H01.14.05"]))
    assert [each.name for each in serving(setups, agency)] == names


def test_without_an_account_for_all_others_nobody_serves_them():
    setups = parse_channel(ChannelName("zalo"), accounts(department=["H01.14"]))
    assert (serving(setups, "H01.05"), serving(setups, None)) == ((), ())


@pytest.mark.parametrize("agencies", [{"one": [], "other": []}, {"one": ["H01.14"], "other": ["H01.14"]}])
def test_no_two_accounts_speak_for_one_agency(agencies: dict[str, list[str]]):
    assert "2 accounts speak" in fault(accounts(**agencies), ChannelName("zalo"))


def test_gateways_may_share_their_agencies():
    table = {"providers": {"one": ESMS, "other": ESMS}}
    assert [each.name for each in serving(parse_channel(SMS, table), "H01.14")] == ["one", "other"]
