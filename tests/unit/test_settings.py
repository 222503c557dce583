import json
import re
from pathlib import Path

import pytest

from notifier.domain.errors import SettingsError
from notifier.settings import Environment, Settings, load_settings

SECRETS = {
    "key": "kkkkkkkkkkkkkkkk-hunter2-kkkkkkkkkkkkkkkk",
    "database": "postgresql://notifier:hunter2@db.example.vn/notifier",
    "webhook": "whsec_aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMg==",
    "token": "tttttttttttttttt-hunter2-tttttttt",
}
LINES = f"""\
environment = "test"
secret_key = "{SECRETS["key"]}"
public_url = "https://thongbao.example.gov.vn"

[hotlines]
default = "0296 3956 000"
"H01.14" = "0296 3956 014"

[database]
url = "{SECRETS["database"]}"

[redis]
url = "redis://redis.example.vn:6379/0"

[web]
port = 8081

[sources."mcdt.example.gov.vn"]
secrets = ["{SECRETS["webhook"]}"]

[api_tokens.portal]
token = "{SECRETS["token"]}"
scopes = ["inbox"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "notifier.toml"


@pytest.fixture
def load(file: Path):
    """Load the good file with some texts replaced, under these variables of the environment."""

    def load(*changes: tuple[str, str], **environ: str):
        text = LINES
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        file.write_text(text)
        return load_settings({"NOTIFIER_CONFIG": str(file), **environ})

    return load


@pytest.fixture
def fault(load):
    """What is said about such settings."""

    def fault(*changes: tuple[str, str], **environ: str) -> str:
        with pytest.raises(SettingsError) as found:
            load(*changes, **environ)
        return str(found.value)

    return fault


def line_of(text: str) -> int:
    return next(number for number, line in enumerate(LINES.splitlines(), start=1) if line.startswith(text))


def test_a_good_file_is_understood(load):
    settings = load()

    assert (settings.environment, settings.web.port, settings.web.host) == (Environment.TEST, 8081, "127.0.0.1")
    assert settings.sources["mcdt.example.gov.vn"].dialect == "dvcqg"


def test_reading_makes_no_class_anew(load):
    assert type(load()) is Settings


def test_a_variable_wins_over_the_file(load):
    assert load(NOTIFIER_WEB__PORT="9000").web.port == 9000


def test_without_a_file_variables_are_enough():
    settings = load_settings(
        {
            "NOTIFIER_CONFIG": "",
            "NOTIFIER_SECRET_KEY": SECRETS["key"],
            "NOTIFIER_PUBLIC_URL": "https://thongbao.example.gov.vn",
            "NOTIFIER_HOTLINES__DEFAULT": "0296 3956 000",
            "NOTIFIER_DATABASE__URL": SECRETS["database"],
            "NOTIFIER_REDIS__URL": "redis://redis.example.vn",
        }
    )

    assert settings.environment is Environment.PRODUCTION


def test_only_the_given_variables_count(load, monkeypatch):
    monkeypatch.setenv("NOTIFIER_WEB__PORT", "9000")

    assert load().web.port == 8081


@pytest.mark.parametrize(
    ("change", "key", "line"),
    [
        (("port = 8081", "prot = 8081"), "web.prot", "port"),
        (("environment", "enviroment"), "enviroment", "environment"),
        (('url = "redis', 'urll = "redis'), "redis.urll", 'url = "redis'),
        (("secrets =", "secret ="), "sources.mcdt.example.gov.vn.secret", "secrets"),
    ],
)
def test_an_unknown_key_is_named_with_its_line(fault, change, key, line):
    assert f"{key} is no setting (notifier.toml, line {line_of(line)}). Remove it or correct its name." in fault(change)


def test_an_unknown_table_is_named(fault):
    assert "smtp is no setting" in fault(("[web]", "[smtp]"))


@pytest.mark.parametrize("variable", ["NOTIFIER_WEBB", "NOTIFIER_DATABSE__URL", "notifier_port"])
def test_an_unknown_variable_is_named(fault, variable):
    assert f"the environment variable {variable} is no setting" in fault(**{variable: "1"})


def test_an_unknown_variable_within_a_table_is_named(fault):
    assert "web.prot is no setting (NOTIFIER_WEB__PROT)" in fault(NOTIFIER_WEB__PROT="1")


def test_variables_of_other_programs_are_not_ours(load):
    assert load(NOTIFY_SOCKET="/run/x", HOME="/root")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("port = 8081", 'port = "http"'), f"web.port is 'http'; .*integer.* \\(notifier.toml, line {line_of('port')}"),
        (("port = 8081", "port = 70000"), f"web.port is 70000; .*65535 \\(notifier.toml, line {line_of('port')}"),
        (('"test"', '"staging"'), "environment is 'staging'; .*'production', 'demo' or 'test' .*line 1\\)"),
        (("[web]", "[web]\nbody_timeout_seconds = 0"), "web.body_timeout_seconds is 0; .*greater than 0 .*line 16"),
        (('scopes = ["inbox"]', 'scopes = ["all"]'), "api_tokens.portal.scopes.0 .*'inbox', 'timeline'"),
        (("[web]\nport = 8081", "[channels]\nsms = 5"), "channels.sms is 5; .*dictionary"),
    ],
)
def test_a_wrong_value_is_told_with_key_found_expected_and_line(fault, change, said):
    assert re.search(said, fault(change))


def test_a_wrong_value_from_the_environment_names_its_variable(fault):
    said = fault(NOTIFIER_WEB__PORT="http")

    assert re.search(r"web.port is 'http'; .*integer.* \(NOTIFIER_WEB__PORT\)", said)
    assert "line" not in said


@pytest.mark.parametrize(
    ("change", "key", "variable"),
    [
        ((f'secret_key = "{SECRETS["key"]}"', ""), "secret_key", "NOTIFIER_SECRET_KEY"),
        ((f'url = "{SECRETS["database"]}"', ""), "database.url", "NOTIFIER_DATABASE__URL"),
    ],
)
def test_a_missing_setting_is_named_in_both_its_spellings(fault, change, key, variable):
    assert f"{key} is missing. Write it in notifier.toml, or set {variable}." in fault(change)


def test_all_faults_are_told_at_once(fault):
    said = fault(("port = 8081", "prot = 1"), ("secret_key", "secret_kee"), ('"test"', '"staging"'))

    assert all(key in said for key in ("web.prot", "secret_key is missing", "environment is 'staging'"))


def test_a_table_of_hotlines_without_a_default_is_refused(fault):
    assert "hotlines: a key `default` is expected" in fault(('default = "0296', 'other = "0296'))


def test_a_file_that_is_not_toml_is_told_with_its_place(fault):
    assert re.search(r"notifier.toml is not TOML: .*line 16", fault(("port = 8081", "port = = 1")))


def test_a_file_that_is_named_must_exist(tmp_path):
    with pytest.raises(SettingsError, match=r"NOTIFIER_CONFIG names .*nowhere\.toml, and no such file exists"):
        load_settings({"NOTIFIER_CONFIG": str(tmp_path / "nowhere.toml")})


def test_a_whole_table_in_a_variable_has_to_be_json(fault):
    said = fault(NOTIFIER_DATABASE=SECRETS["database"])

    assert "NOTIFIER_DATABASE holds a whole table and has to be JSON" in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    "change",
    [
        (f'"{SECRETS["key"]}"', '"hunter2"'),
        (f'secret_key = "{SECRETS["key"]}"', f'secret_kee = "{SECRETS["key"]}"'),
        (f'[database]\nurl = "{SECRETS["database"]}"', f'[web2]\nurl = "{SECRETS["database"]}"'),
        (f'"{SECRETS["database"]}"', f'["{SECRETS["database"]}"]'),
        (f'secrets = ["{SECRETS["webhook"]}"]', 'secrets = "whsec_hunter2"'),
        (f'"{SECRETS["token"]}"', '"hunter2"'),
        ('[sources."mcdt.example.gov.vn"]\nsecrets = ', "[sources]\nmcdt = "),
        ("[database]", '[channels]\nsms = "hunter2"\n[database]'),
        ('"redis://redis.example.vn:6379/0"', "{ hunter2 = 1 }"),
    ],
)
def test_no_message_tells_a_secret(fault, change):
    said = fault(change)

    assert not [secret for secret in SECRETS.values() if secret in said]
    assert "= 1" not in said
    assert "is 'hunter2'" not in said


def test_a_secret_in_the_place_of_a_table_is_not_told(fault):
    block = f'[database]\nurl = "{SECRETS["database"]}"\n'
    said = fault((block, ""), ("environment", f'database = "{SECRETS["database"]}"\nenvironment'))

    assert "database is a text" in said
    assert "hunter2" not in said


def test_settings_do_not_show_their_secrets(load):
    assert "hunter2" not in repr(load())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('"test"', '"production"\nclock_file = "/tmp/clock"'), "clock_file is for the demo and the tests"),
        (("https://", "http://"), "public_url is plain http; production needs https"),
        *(
            (("[web]", f'[channels.sms]\nadapter = "sms_esms"\nbase_url = "{address}"\n[web]'), "this machine")
            for address in ("http://127.0.0.1:9", "https://localhost/esms", "http://[::1]:9", "http://u@127.1.2.3/x")
        ),
    ],
)
def test_production_refuses_what_belongs_to_a_demo(fault, change, said):
    changes = (change,) if "production" in change[1] else (change, ('"test"', '"production"'))

    assert said in fault(*changes)


PORTAL = "https://dichvucong.example.gov.vn/tra-cuu?ma={code}"


def test_a_dossier_is_shown_by_the_portal_of_its_agency_or_of_the_nearest_one_above(load):
    pages = {"default": PORTAL, "G09": "https://bo.example.gov.vn/{code}/xem"}
    settings = load(NOTIFIER_PORTAL_DOSSIER_URLS=json.dumps(pages))

    assert settings.portal_page("A-1", "G09.20") == "https://bo.example.gov.vn/A-1/xem"
    assert settings.portal_page("A-1", "H01.14") == "https://dichvucong.example.gov.vn/tra-cuu?ma=A-1"
    assert settings.portal_page("A-1", None) == "https://dichvucong.example.gov.vn/tra-cuu?ma=A-1"


def test_without_a_pattern_no_portal_shows_a_dossier(load):
    assert load().portal_page("A-1", "H01") is None


def test_a_code_stays_one_value_of_the_portals_address(load):
    settings = load(NOTIFIER_PORTAL_DOSSIER_URLS=json.dumps({"default": PORTAL}))

    assert settings.portal_page("a/../b?c&d=#é", None) == PORTAL.replace("{code}", "a%2F..%2Fb%3Fc%26d%3D%23%C3%A9")


@pytest.mark.parametrize(
    "pattern",
    [
        "http://dichvucong.example.gov.vn/?ma={code}",
        "https://dichvucong.example.gov.vn/tra-cuu",
        "https://{code}.example.gov.vn/",
        "https://user:password@dichvucong.example.gov.vn/?ma={code}",
        "https://dichvucong.example.gov.vn/{code}/{name}",
        "https://dichvucong.example.gov.vn/?ma={code} ",
        "javascript:alert({code})",
        "",
    ],
)
def test_a_portals_address_that_is_not_https_or_names_no_dossier_is_refused(fault, pattern):
    said = fault(NOTIFIER_PORTAL_DOSSIER_URLS=json.dumps({"H01": pattern}))

    assert 'portal_dossier_urls: that of "H01" is no https address with {code} behind its host' in said
    assert "(NOTIFIER_PORTAL_DOSSIER_URLS)" in said


def test_the_hotline_is_that_of_the_first_agency_that_has_one(load):
    settings = load()

    assert settings.hotline(None, "H01", "H01.14") == "0296 3956 014"
    assert settings.hotline("H99") == "0296 3956 000"
