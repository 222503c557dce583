"""A whole installation on one machine, for the demo and the tests of the whole system: settings and sandbox that fit.

Everything secret in it is made anew each time; everybody in it is invented.
"""

import base64
import json
import os
import secrets
import socket
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from notifier.cli.demo_people import CONSOLE_CLIENT, INBOX_CLIENT, identity_clients, identity_tables
from notifier.intake.contacts import mobile_e164
from notifier.sandbox.settings import Delays, PortalAccess, SandboxSettings, SmsAccount, TemplateRule, ZaloApp
from notifier.sandbox.settings import Person as Resident
from notifier.settings import ROOT

SAMPLES = Path(__file__).parent.parent / "sandbox" / "events"
PROVINCE, MINISTRY = "mcdt.angiang.gov.vn", "hs.bo-mau.example.gov.vn"
ZALO_APP, ZALO_OA = "4100000000000000001", "4200000000000000002"
ZALO_CALLBACK = "https://thongbao.example.gov.vn/zalo"
HOTLINE = "0296 3956 000"
FILLER_NUMBERS = frozenset({"000000001"})
FIRST_TEMPLATE_ID = 410_001
PORTS_TRIED = 200
TEST_PORTS = 20_000


@dataclass(frozen=True, slots=True)
class Playground:
    """`environ` is what the processes of the installation are started with."""

    directory: Path
    environ: Mapping[str, str]
    sandbox: SandboxSettings
    web_url: str
    clock_file: Path
    refresh_token: str = field(repr=False)
    """What the console of the pretend Official Account shows."""
    webhook_secrets: Mapping[str, str] = field(repr=False)
    api_token: str = field(repr=False)


def playground(
    directory: Path,
    *,
    database_url: str,
    redis_url: str,
    environment: str = "demo",
    rules_file: Path | None = None,
) -> Playground:
    """Write `notifier.toml` into `directory` and make the sandbox that it points at."""
    offset = 0 if environment == "demo" else 1000 + os.getpid() % TEST_PORTS  # tests may run beside each other
    web_port, http_port, smtp_port = (free_port(wanted + offset) for wanted in (8080, 8290, 8525))
    web_url, sandbox_url = f"http://127.0.0.1:{web_port}", f"http://127.0.0.1:{http_port}"
    webhook_secrets = {name: "whsec_" + base64.b64encode(os.urandom(32)).decode() for name in (PROVINCE, MINISTRY)}
    keys = {name: secrets.token_urlsafe(24) for name in ("app", "oa", "refresh", "api", "sms", "sms_path", "mail_path")}
    client_secrets = {name: secrets.token_urlsafe(24) for name in (INBOX_CLIENT, CONSOLE_CLIENT)}
    people = tuple(residents())
    templates = zalo_templates(ROOT / "templates")
    api_token, clock_file = secrets.token_urlsafe(32), directory / "clock"
    tables: dict[str, Any] = {
        "environment": environment,
        "secret_key": secrets.token_urlsafe(48),
        "public_url": web_url,
        "sender_name": "Trung tâm Phục vụ hành chính công tỉnh An Giang",
        "clock_file": str(clock_file),
        "hotlines": {"default": HOTLINE},
        **({"rules_file": str(rules_file)} if rules_file else {}),
        "database": {"url": database_url},
        "redis": {"url": redis_url},
        "web": {"port": web_port},
        **identity_tables(sandbox_url, client_secrets),
        "sources": {
            PROVINCE: {"secrets": [webhook_secrets[PROVINCE]]},
            MINISTRY: {"secrets": [webhook_secrets[MINISTRY]], "dialect": "ministry_2026"},
        },
        "api_tokens": {"portal": {"token": api_token, "scopes": ["inbox", "timeline"]}},
        "channels": {
            "email": {
                "adapter": "email_smtp",
                "host": "127.0.0.1",
                "port": smtp_port,
                "tls": "none",
                "local_hostname": "notifier.example.gov.vn",
                "sender_address": "thongbao@example.gov.vn",
                "sender_name": "Hành chính công An Giang",
                "bounce_secret": secrets.token_urlsafe(32),
                "receipt_key": keys["mail_path"],
                "expects_success_dsn": True,
            },
            "sms": {
                "adapter": "sms_esms",
                "base_url": f"{sandbox_url}/esms",
                "api_key": keys["api"],
                "secret_key": keys["sms"],
                "brandname": "ANGIANG",
                "receipt_key": keys["sms_path"],
            },
            "zalo": {
                "adapter": "zalo",
                "oauth_url": f"{sandbox_url}/zalo/oauth",
                "business_url": f"{sandbox_url}/zalo/business",
                "openapi_url": f"{sandbox_url}/zalo/openapi",
                "app_id": ZALO_APP,
                "oa_id": ZALO_OA,
                "app_secret": keys["app"],
                "oa_secret": keys["oa"],
                "redirect_uri": ZALO_CALLBACK,
                "templates": {key: id_ for id_, (key, _) in templates.items()},
            },
        },
    }
    file = directory / "notifier.toml"
    file.write_text("\n".join(_toml(tables)) + "\n", encoding="utf-8")
    file.chmod(0o600)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("NOTIFIER_")}
    sandbox = SandboxSettings(
        notifier_url=web_url,
        http_port=http_port,
        smtp_port=smtp_port,
        zalo=ZaloApp(
            ZALO_APP,
            keys["app"],
            ZALO_OA,
            keys["oa"],
            keys["refresh"],
            redirect_uri=ZALO_CALLBACK,
            templates={id_: rule for id_, (_, rule) in templates.items()},
        ),
        sms=SmsAccount(keys["api"], keys["sms"], "ANGIANG"),
        email_receipt_key=keys["mail_path"],
        delays=Delays(receipt_seconds=(0.3, 1.0), read_seconds=(0.5, 1.5)),
        portal=PortalAccess(api_token),
        people=people,
        clients=identity_clients(web_url, client_secrets, people),
    )
    environ = {**inherited, "NOTIFIER_CONFIG": str(file)}
    return Playground(directory, environ, sandbox, web_url, clock_file, keys["refresh"], webhook_secrets, api_token)


def zalo_templates(directory: Path) -> dict[str, tuple[str, TemplateRule]]:
    """Zalo's id → our name and the rule of each template in the catalogue, as if all had been approved."""
    catalogue = tomllib.loads((directory / "_zalo" / "catalogue.toml").read_text(encoding="utf-8"))
    return {
        str(FIRST_TEMPLATE_ID + number): (
            key,
            TemplateRule(
                title=template["about"],
                parameters={
                    name: catalogue["longest"][str(parameter["type"])]
                    for name, parameter in template["parameters"].items()
                },
                optional=frozenset(
                    name for name, parameter in template["parameters"].items() if not parameter.get("required", True)
                ),
                button=template["button"],
            ),
        )
        for number, (key, template) in enumerate(catalogue["templates"].items())
    }


def free_port(wanted: int) -> int:
    """The wanted port, or the next one above it that is free.

    Never one of those that the system lends to outgoing connections: such a port may be gone when it is needed.
    """
    for port in range(wanted, wanted + PORTS_TRIED):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port that was just closed is free
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port from {wanted} to {wanted + PORTS_TRIED - 1} on the loopback address")


def _toml(table: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Plain tables, texts, numbers, flags and lists of texts: JSON writes those as TOML reads them."""
    plain = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    if path and plain:
        yield f"\n[{path}]"
    for key, value in plain.items():
        yield f"{json.dumps(key)} = {json.dumps(value, ensure_ascii=False)}"
    for key, value in table.items():
        if isinstance(value, Mapping):
            inner = json.dumps(key, ensure_ascii=False)
            yield from _toml(value, f"{path}.{inner}" if path else inner)


def samples() -> list[tuple[str, Any]]:
    """The sample events, by file name, in the order in which they happened."""
    read = [(file.stem, json.loads(file.read_text(encoding="utf-8"))) for file in sorted(SAMPLES.glob("*.json"))]
    return sorted(read, key=lambda sample: sample[1]["time"] if isinstance(sample[1], dict) else "2026-11-23T16")


def residents() -> Iterator[Resident]:
    """Everybody who is named in the sample events, with the addresses that belong to them: citizens first."""
    known: dict[str, Resident] = {}
    for _, sample in samples():
        records = sample if isinstance(sample, list) else [sample["data"]["HoSo"]]
        source = PROVINCE if isinstance(sample, list) else sample["source"]
        for record in records:
            citizen = _citizen(record, source)
            known.setdefault(citizen.name, citizen)
    for _, sample in samples():
        progress = (sample["data"].get("TienDo") or {}) if isinstance(sample, dict) else {}
        for part, role in (("NguoiXuLyTiep", "Cán bộ"), ("ThuTruong", "Lãnh đạo")):
            for officer in progress.get(part) or ():
                known.setdefault(officer["HoTen"], _officer(officer, role))
    yield from known.values()


def _citizen(record: Mapping[str, Any], source: str) -> Resident:
    """Whom the messages about this dossier go to, and what the portal asks the inbox API with."""
    authorised = bool(record.get("UyQuyen"))
    of_whom = "NguoiUyQuyen" if authorised else ""
    papers = [each["SoDinhDanh"] for each in record.get("DinhDanhCHS") or () if each["SoDinhDanh"]]
    phone, email = mobile_e164(record.get(f"SoDienThoai{of_whom}")), record.get(f"Email{of_whom}") or None
    ways = {
        "personal_number": None if authorised else next((n for n in papers if n not in FILLER_NUMBERS), None),
        "phone": phone,
        "email": email,
        "dossier": {"source": source, "code": record["MaHoSo"]},
    }
    return Resident(
        record["NguoiUyQuyen"] if authorised else record["ChuHoSo"],
        phone,
        email,
        None if authorised else record.get("ZaloUserId"),
        next({kind: value} for kind, value in ways.items() if value),
        role="Công dân",
    )


def _officer(officer: Mapping[str, Any], role: str) -> Resident:
    return Resident(
        officer["HoTen"],
        mobile_e164(officer.get("SoDienThoai")),
        officer.get("Email"),
        officer.get("ZaloUserId"),
        {"staff_code": officer["Ma"]},
        role=f"{role}, {officer['ChucDanh']}" if officer.get("ChucDanh") else role,
    )
