"""A time stamp authority of our own (RFC 3161), made with the openssl command: certificate, answers, verification."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

OPENSSL_HERE = shutil.which("openssl") is not None

_CONFIG = """\
[req]
distinguished_name = name
x509_extensions = stamping
prompt = no
[name]
CN = test time stamps
[stamping]
extendedKeyUsage = critical, timeStamping
basicConstraints = critical, CA:TRUE
[tsa]
default_tsa = own
[own]
serial = serial
crypto_device = builtin
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""


class Authority:
    """Lives in `folder`, which it makes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        (folder / "tsa.conf").write_text(_CONFIG)
        (folder / "serial").write_text("01\n")
        make = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout tsa.key -out tsa.pem -config tsa.conf -days 3650"
        self._openssl(*make.split())

    def stamp(self, request: bytes) -> bytes:
        """The answer to a TimeStampReq."""
        (self.folder / "q.tsq").write_bytes(request)
        self._openssl("ts", "-reply", "-config", "tsa.conf", "-section", "own", "-queryfile", "q.tsq", "-out", "a.tsr")
        return (self.folder / "a.tsr").read_bytes()

    def verifies(self, token: Path, data: Path) -> bool:
        """What an outsider does: the token is about `data` and signed by this authority."""
        command = ["openssl", "ts", "-verify", "-data", str(data), "-in", str(token), "-CAfile", "tsa.pem"]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        return done.returncode == 0 and "Verification: OK" in done.stdout + done.stderr

    def _openssl(self, *arguments: str) -> None:
        done = subprocess.run(["openssl", *arguments], cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
