"""A sealed case to be attacked, and what somebody who knows the format can make anew of it."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.finished_case import KEY, TOOL, UTC, finished_case  # noqa: E402
from benchmarks.stamp_authority import OPENSSL_HERE, Authority  # noqa: E402
from captures.bag import manifest_bytes  # noqa: E402
from captures.case import Case  # noqa: E402
from captures.journal import ZERO_SHA  # noqa: E402
from captures.journal_line import MAX_LINE, encode_line  # noqa: E402
from captures.seal import add_to_seal, seal, sign  # noqa: E402
from captures.seal_token import request  # noqa: E402
from captures.signing import Ed25519PrivateKey, fingerprint, public_pem, short  # noqa: E402

STRANGER = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
OFFICER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
NAME = short(fingerprint(KEY.public_key()))
JOURNAL = "data/journal/0001.jsonl"


@dataclass(frozen=True)
class Scene:
    """A sealed case to be attacked, and what an attacker may have at hand: another sealed case of the same office."""

    case: Path
    other: Path


def sealed_case(path: Path, salt: str = "") -> Path:
    """A finished case with two originals, sealed, signed twice, its time stamp asked for and, where openssl is, given."""
    case = finished_case(path, salt)
    digest = seal(case, KEY, utc=UTC, tool=TOOL).digest
    sign(case, OFFICER)
    raw = request(digest, 7)
    add_to_seal(case, f"request-{hashlib.sha256(raw).hexdigest()[:16]}.tsq", raw)
    if OPENSSL_HERE:
        token = Authority(path.parent / f"{path.name}.tsa").stamp(raw)
        add_to_seal(case, f"token-{hashlib.sha256(token).hexdigest()[:16]}.tsr", token)
    return case.path


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(data)


def change(name: str, old: bytes, new: bytes) -> Callable[[Scene], None]:
    def act(scene: Scene) -> None:
        path = scene.case / name
        raw = path.read_bytes()
        assert raw.count(old) >= 1, name
        put(path, raw.replace(old, new, 1))

    return act


def journal_lines(act: Callable[[list[bytes]], list[bytes]]) -> Callable[[Scene], None]:
    def change_lines(scene: Scene) -> None:
        path = scene.case / JOURNAL
        put(path, b"".join(act(path.read_bytes().splitlines(keepends=True))))

    return change_lines


def swapped(lines: list[bytes]) -> list[bytes]:
    return [*lines[:8], lines[9], lines[8], *lines[10:]]


def rebuilt(case: Path) -> None:
    """Edit one reading and hash the whole journal anew, as somebody would who knows the format."""
    seq, head = 0, ZERO_SHA
    previous = ""
    for path in sorted((case / "data" / "journal").iterdir()):
        done = []
        for raw in path.read_bytes().splitlines():
            body = json.loads(raw)["body"]
            if body.get("text") == "20.00 L" and body.get("n") == 5:
                body["text"] = "19.60 L"
            if body["kind"] == "continue":
                body |= {"previous": previous, "last_sha": head}
            line, head = encode_line(seq, head, body, MAX_LINE)
            done.append(line)
            seq += 1
        put(path, b"".join(done))
        previous = path.name


def payload(case: Path) -> dict[str, bytes]:
    return {str(p.relative_to(case)): p.read_bytes() for p in sorted((case / "data").rglob("*")) if p.is_file()}


def remanifested(case: Path, info: Mapping[str, str] | None = None) -> None:
    """Manifests, Payload-Oxum, head and lines made to agree with the files."""
    files = payload(case)
    put(case / "manifest-sha256.txt", manifest_bytes({n: hashlib.sha256(d).hexdigest() for n, d in files.items()}))
    lines = [line for path in sorted((case / "data" / "journal").iterdir()) for line in path.read_bytes().splitlines()]
    told = {
        "Payload-Oxum": f"{sum(map(len, files.values()))}.{len(files)}",
        "Journal-Lines": str(len(lines)),
        "Journal-Head": json.loads(lines[-1])["sha"],
        **(info or {}),
    }
    rows = (case / "bag-info.txt").read_text("utf-8").splitlines()
    rows = [f"{label}: {told.get(label, value)}" for label, _, value in (row.partition(": ") for row in rows)]
    put(case / "bag-info.txt", "".join(f"{row}\n" for row in rows).encode())
    retagged(case)


def retagged(case: Path) -> None:
    listed = [row.partition("  ")[2] for row in (case / "tagmanifest-sha256.txt").read_text("utf-8").splitlines()]
    put(
        case / "tagmanifest-sha256.txt",
        manifest_bytes({name: hashlib.sha256((case / name).read_bytes()).hexdigest() for name in listed}),
    )


def resigned(case: Path, key: Ed25519PrivateKey, name: str = "") -> None:
    public = key.public_key()
    own = name or short(fingerprint(public))
    put(case / "seal" / f"{own}.pem", public_pem(public))
    put(case / "seal" / f"{own}.fingerprint", f"{fingerprint(public)}\n".encode())
    put(case / "seal" / f"{own}.sig", key.sign((case / "tagmanifest-sha256.txt").read_bytes()))


def resealed(case: Path, key: Ed25519PrivateKey) -> None:
    """The whole case made anew around changed data, as the tool itself would."""
    for path in case.iterdir():
        if path.name == "seal":
            shutil.rmtree(path)
        elif path.name != "data":
            path.unlink()
    seal(Case.open(case), key, utc=UTC, tool=TOOL)


def stripped(case: Path, name: str = NAME) -> None:
    for kind in ("sig", "pem", "fingerprint"):
        (case / "seal" / f"{name}.{kind}").unlink()
