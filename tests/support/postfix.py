"""A real Postfix on loopback ports, with everything it writes in a directory of its own."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

MISSING = None if shutil.which("postfix") else "Postfix is not here; on Debian and Ubuntu: apt install postfix"
if MISSING is None and os.geteuid() != 0:
    MISSING = "only root can start Postfix: run this test as root, in a container for example"

SERVICES = """
cleanup   unix  n - n -   0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n -   - trivial-rewrite
bounce    unix  - - n -   0 bounce
defer     unix  - - n -   0 bounce
trace     unix  - - n -   0 bounce
verify    unix  - - n -   1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n -   - proxymap
smtp      unix  - - n -   - smtp
relay     unix  - - n -   - smtp
lmtp      unix  - - n -   - lmtp
error     unix  - - n -   - error
retry     unix  - - n -   - error
anvil     unix  - - n -   1 anvil
scache    unix  - - n -   1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


@contextmanager
def postfix(port: int, transports: Mapping[str, str]) -> Iterator[Path]:
    """Takes mail on `port` and hands it on by domain, as a transport map says; gives the path of its log."""
    with TemporaryDirectory(prefix="notifier-postfix-") as name:
        home = Path(name)
        home.chmod(0o755)
        conf, log = home / "conf", home / "mail.log"
        conf.mkdir()
        routes = ", ".join(f"{{{domain} = {transport}}}" for domain, transport in transports.items())
        settings = {
            "compatibility_level": "3.6",
            "queue_directory": f"{home}/queue",
            "data_directory": f"{home}/data",
            "daemon_directory": "/usr/lib/postfix/sbin",
            "maillog_file": str(log),
            "maillog_file_prefixes": str(home),
            "myhostname": "mx.relay.example.vn",
            "mydestination": "",
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4",
            "mynetworks": "127.0.0.0/8",
            "smtpd_relay_restrictions": "permit_mynetworks, reject",
            "transport_maps": f"inline:{{ {routes} }}",
            "recipient_delimiter": "+",
        }
        (conf / "main.cf").write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))
        (conf / "master.cf").write_text(f"127.0.0.1:{port} inet n - n - - smtpd{SERVICES}")
        (home / "queue").mkdir()
        (home / "data").mkdir()
        shutil.chown(home / "data", "postfix")
        started = _postfix(conf, "start")
        assert started.returncode == 0, started.stderr
        try:
            yield log
        finally:
            _postfix(conf, "stop")


def _postfix(conf: Path, action: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["postfix", "-c", str(conf), action], capture_output=True, text=True, timeout=30, check=False)
