"""docker-compose.yml has the shape that production needs; nothing here needs Docker."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from click import Context

from notifier.cli import COMMANDS, main
from notifier.cli.doctor import Level, examine_configuration
from notifier.domain.errors import SettingsError
from notifier.settings import ENVIRONMENT_PREFIX, ROOT, load_settings
from tests.support.documents import blocks
from workers.wiring import channel_setups

FILE = ROOT / "docker-compose.yml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
LASTING = {name: service for name, service in SERVICES.items() if name != "migrate"}
DATABASES = {"postgres", "redis"}

each_service = pytest.mark.parametrize("name", SERVICES)
each_of_ours = pytest.mark.parametrize("name", OURS)
each_lasting = pytest.mark.parametrize("name", LASTING)


def test_the_file_follows_the_compose_specification():
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]
    answer = subprocess.run(check, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout


def test_the_services_are_databases_migrate_bounces_and_one_for_all_the_rest():
    assert set(SERVICES) == {*DATABASES, "migrate", "notifier", "bounces"}
    assert SERVICES["notifier"]["command"][0] == "serve"


@each_of_ours
def test_every_command_exists_with_its_options(name: str):
    program, *arguments = OURS[name]["command"]
    command = main.get_command(Context(main), program)
    assert program in COMMANDS
    assert command is not None
    command.make_context(program, arguments)


def test_all_of_ours_run_one_image():
    assert len({service["image"] for service in OURS.values()}) == 1


# Nothing is secret here, nothing is open


SECRET = re.compile(r"password|passwd|secret|token|_key|requirepass|auth", re.IGNORECASE)


def test_no_secret_has_a_value_or_a_default():
    given = re.findall(r"\$\{(\w+):?([^}]*)\}", FILE.read_text(encoding="utf-8"))
    assert {name for name, rest in given if SECRET.search(name) and not rest.startswith("?")} == set()


@each_service
def test_every_secret_in_the_environment_is_a_required_variable(name: str):
    environment: dict[str, str] = SERVICES[name].get("environment", {})
    secret = {key: value for key, value in environment.items() if SECRET.search(key) or "://" in value}
    assert [key for key, value in secret.items() if not re.search(r"\$\{\w+:\?", value)] == []


def test_redis_asks_for_a_password_that_is_required():
    command = SERVICES["redis"]["command"]
    assert command[command.index("--requirepass") + 1].startswith("${REDIS_PASSWORD:?")


def test_only_notifier_and_bounces_publish_a_port_and_on_the_loopback_address():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert list(published) == ["notifier", "bounces"]
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_databases_are_on_a_network_without_a_way_out():
    assert COMPOSE["networks"]["inner"] == {"internal": True}
    assert [SERVICES[name]["networks"] for name in sorted(DATABASES)] == [["inner"], ["inner"]]


@each_service
def test_every_service_is_hardened(name: str):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "/tmp" in service["tmpfs"]  # noqa: S108 - in memory


def test_the_image_runs_as_a_user_without_rights():
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("USER")] == ["USER 10001"]


def test_the_image_installs_by_hash():
    assert "--require-hashes" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_the_sandbox_stays_out_of_the_image():
    assert "notifier/sandbox" in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()


# It comes up in order, stays up, and says how it is


@each_lasting
def test_every_lasting_service_restarts_and_has_a_health_check(name: str):
    assert LASTING[name]["restart"] == "unless-stopped"
    assert LASTING[name]["healthcheck"]["test"][0] == "CMD"


@each_lasting
def test_every_lasting_service_has_time_to_stop(name: str):
    assert "stop_grace_period" in LASTING[name]


def test_the_health_check_of_bounces_asks_the_port_that_serves_metrics():
    command = OURS["bounces"]["command"]
    port = command[command.index("--metrics-port") + 1]
    assert f"http://127.0.0.1:{port}/metrics" in OURS["bounces"]["healthcheck"]["test"][-1]


def test_the_health_check_of_notifier_asks_whether_it_is_ready_on_its_port():
    web = SERVICES["notifier"]
    assert f"http://127.0.0.1:{web['environment']['NOTIFIER_WEB__PORT']}/readyz" in web["healthcheck"]["test"][-1]
    assert web["ports"][0].endswith(f":{web['environment']['NOTIFIER_WEB__PORT']}")


def test_migrate_waits_for_postgres_and_all_others_for_migrate():
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    waiting = [service["depends_on"]["migrate"]["condition"] for name, service in OURS.items() if name != "migrate"]
    assert set(waiting) == {"service_completed_successfully"}


def test_redis_keeps_what_it_took():
    command = SERVICES["redis"]["command"]
    flags = dict(zip(command[1::2], command[2::2], strict=True))
    assert (flags["--appendonly"], flags["--appendfsync"]) == ("yes", "everysec")
    assert flags["--maxmemory-policy"] == "noeviction"


@pytest.mark.parametrize("name", sorted(DATABASES))
def test_data_is_on_a_named_volume(name: str):
    (volume,) = SERVICES[name]["volumes"]
    assert volume.partition(":")[0] in COMPOSE["volumes"]


# The example configuration, with the secrets that the page about production makes


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """The environment of a container, as docker-compose.yml and the page's `.env` make it."""
    (script,) = [block for block in blocks(ROOT / "docs/how-to/run-in-production.md", "bash") if "<<ENV" in block]
    text = script.partition("<<ENV\n")[2].partition("\nENV\n")[0]
    text = text.replace("$(openssl rand -hex 24)", "0f" * 24).replace("$(openssl rand -hex 32)", "0f" * 32)
    text = text.replace("$(openssl rand -base64 32)", "A" * 43 + "=")
    variables = {name: value.strip("'") for name, _, value in (line.partition("=") for line in text.splitlines())}
    environment: dict[str, str] = SERVICES["notifier"]["environment"]
    for name, value in environment.items():
        filled = re.sub(r"\$\{(\w+):\?[^}]*\}", lambda match: variables[match[1]], value)
        variables[name] = str(ROOT / "notifier.example.toml") if name == "NOTIFIER_CONFIG" else filled
    for name, value in variables.items():
        if name.startswith(ENVIRONMENT_PREFIX):
            monkeypatch.setenv(name, value)
    return monkeypatch


def test_the_example_loads_with_the_secrets_that_the_page_makes(production: pytest.MonkeyPatch):
    settings = load_settings()
    assert set(channel_setups(settings)) == {"portal", "email", "sms", "zalo"}


def test_the_doctor_finds_nothing_wrong_with_the_example(production: pytest.MonkeyPatch):
    findings, _ = examine_configuration(load_settings())
    assert {finding.level for finding in findings} == {Level.OK}


def test_the_example_holds_no_secret(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NOTIFIER_CONFIG", str(ROOT / "notifier.example.toml"))
    with pytest.raises(SettingsError) as refused:
        load_settings()
    missing = set(re.findall(r"^\s*(\S+) is missing", str(refused.value), re.MULTILINE))
    assert missing == {
        "secret_key",
        "database.url",
        "redis",
        "sources.mcdt.example.gov.vn.secrets",
        "sources.hs.bo-mau.example.gov.vn.secrets",
        "api_tokens.portal.token",
        "api_tokens.desk.token",
    }


def test_the_example_knows_every_zalo_template_of_the_catalogue():
    example = tomllib.loads((ROOT / "notifier.example.toml").read_text(encoding="utf-8"))
    catalogue = tomllib.loads((ROOT / "templates/_zalo/catalogue.toml").read_text(encoding="utf-8"))
    assert set(example["channels"]["zalo"]["templates"]) == set(catalogue["templates"])


@pytest.mark.parametrize(
    "variable",
    [
        name
        for name in re.findall(r"NOTIFIER_CHANNELS__\w+", (ROOT / "notifier.example.toml").read_text(encoding="utf-8"))
        if not name.endswith("EMAIL__PASSWORD")
    ],
)
def test_a_channel_that_lacks_a_secret_says_which(production: pytest.MonkeyPatch, variable: str):
    production.delenv(variable)
    key = variable.removeprefix(ENVIRONMENT_PREFIX).lower().replace("__", ".")
    with pytest.raises(SettingsError, match=rf"{key} is missing"):
        channel_setups(load_settings())
