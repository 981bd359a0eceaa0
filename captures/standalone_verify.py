"""Checks a sealed case with Python alone (3.11 or later, no packages): python3 verify_case.py CASE [--digest HEX]

Every file against the manifests, files that no manifest lists, the chain of the journal, the Ed25519 signatures (RFC
8032).  Each text is in English and Chinese.  Exit 0: as sealed; 1: it says what differs; 2: something may not be read, and nothing else differs.  Not checked: time stamps, the QR code, the SM3 manifest, the
meaning of the journal's lines.  `shortmeasure case verify` checks these too, and `openssl` the time stamps.
检验已封存案件，只需 Python。退出码 0：与封存时相同；1：列出差异；2：有文件无权读取，其余无差异。
"""

import argparse
import base64
import hashlib
import os
import re
import stat
import sys

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
TAGS = {"bagit.txt", "bag-info.txt", "manifest-sha256.txt", "README.txt", "verify_case.py"}
FOLDERS = {"data", "data/journal", "data/originals", "data/derived", "seal", "partial"}
LOCK = rb'\{"pid": \d{1,10}, "began": "[^"]*", "host": "[^"]*", "utc": "[^"]*"\}\n'
SPKI = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: an Ed25519 public key follows
LIMIT = 100_000
Point = tuple[int, int, int, int]
PROBLEMS: list[str] = []
DENIED: list[str] = []
LEFT = r"partial/(?:[0-9a-f]{16}\.(sig|pem|fingerprint)|(request|token)-[0-9a-f]{16}\.ts[qr]|lock\.(stale-)?\d{1,10})"


def problem(text: str) -> None:
    PROBLEMS.append("".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text))


def add(p: Point, q: Point) -> Point:
    """Points (x, y, z, t) of the curve: RFC 8032 section 5.1.4."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(s: int, p: Point) -> Point:
    q: Point = (0, 1, 1, 0)
    while s:
        q, p, s = (add(q, p) if s & 1 else q), add(p, p), s >> 1
    return q


def point(raw: bytes) -> Point:
    """Section 5.1.3; ValueError when `raw` is no point."""
    y, sign = int.from_bytes(raw, "little") & (1 << 255) - 1, raw[31] >> 7
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    x = x if (x * x - x2) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    if (x * x - x2) % P or y >= P or (x == 0 and sign):
        raise ValueError("no point of the curve / 不是曲线上的点")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def signed(public: bytes, signature: bytes, message: bytes) -> bool:
    """Section 5.1.7."""
    base = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    s = int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    left, right = times(s, base), add(point(signature[:32]), times(k, point(public)))
    same = all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))
    return len(signature) == 64 and s < L and same


def files_of(case: str) -> dict[str, int]:
    """Relative path -> size, never following a link."""
    found: dict[str, int] = {}
    folders, count = [""], 0
    while folders:
        folder = folders.pop()
        for entry in os.scandir(os.path.join(case, folder)):
            count += 1
            if count > LIMIT:
                sys.exit(f"more than {LIMIT} files: no case / 文件超过 {LIMIT} 个：不是案件")
            name, status = f"{folder}/{entry.name}".lstrip("/"), entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                folders.append(name)
                if name not in FOLDERS:
                    problem(f"{name}: added: no folder of a case / 后来加入：不是案件的文件夹")
            elif stat.S_ISREG(status.st_mode):
                found[name] = status.st_size
            else:
                problem(f"{name}: expected an ordinary file, got a link or device / 应为普通文件，实为链接或设备")
    return found


def sha256(path: str) -> str:
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def small(case: str, files: dict[str, int], name: str) -> bytes:
    if files.get(name, 1 << 60) > 64 << 20:
        problem(f"{name}: missing or too large / 缺失或过大")
        return b""
    with open(os.path.join(case, name), "rb") as handle:
        return handle.read()


def check_manifest(
    case: str, files: dict[str, int], name: str, raw: bytes, most: int, withheld: set[str]
) -> dict[str, str]:
    """Path -> hash of the manifest's lines; only paths that `files_of` found are ever opened, of at most `most` bytes."""
    entries: dict[str, str] = {}
    for number, line in enumerate(raw.split(b"\n")[:-1], 1):
        match = re.fullmatch(rb"([0-9a-f]{64})  ([^\r]+)", line)
        path = match[2].decode("utf-8", "surrogateescape") if match else ""
        if not match or path in entries:
            problem(
                f"{name} line {number}: no line of a manifest, or a file listed twice / 不是清单的行，或文件重复列出: {line!r:.100}"
            )
            continue
        entries[path] = match[1].decode()
        if path in withheld and path not in files:
            print(f"note: {path} is withheld in this copy / 说明：此副本不含该文件")
        elif path not in files:
            problem(f"{path}: missing, listed in {name} line {number} / 缺失，列于该清单第 {number} 行")
        elif files[path] > most:
            problem(
                f"{path}: changed: {files[path]} bytes, at most {most} were sealed / 已改变：封存时至多 {most} 字节"
            )
        else:
            try:
                if sha256(os.path.join(case, path)) != entries[path]:
                    problem(
                        f"{path}: changed: not the SHA-256 of {name} line {number} / 已改变：与该清单第 {number} 行不符"
                    )
            except PermissionError:
                DENIED.append(path)
    if not raw.endswith(b"\n"):
        problem(f"{name}: its end is gone / 结尾缺失")
    return entries


def check_journal(case: str, files: dict[str, int], info: dict[str, str]) -> None:
    head, count, raw = "0" * 64, 0, b""
    for name in sorted(n for n in files if n.startswith("data/journal/")):
        for number, raw in enumerate(open(os.path.join(case, name), "rb"), 1):  # noqa: SIM115 - read to its end
            match = re.fullmatch(rb'(\{"seq":(\d+),"prev":"([0-9a-f]{64})",.*),"sha":"([0-9a-f]{64})"\}\n', raw, re.S)
            if match is None:  # a torn end is no line; the next file, or bag-info.txt, says so
                break
            right = hashlib.sha256(match[1]).hexdigest() == match[4].decode()
            if not right or (int(match[2]), match[3].decode()) != (count, head):
                problem(
                    f"{name} line {number}: changed, or not in its place in the chain / 已改变，或不在链中应有的位置"
                )
            head, count = match[4].decode(), count + 1
    if (info.get("Journal-Head"), info.get("Journal-Lines")) != (head, str(count)):
        lines, last = info.get("Journal-Lines"), info.get("Journal-Head")
        problem(
            f"journal: expected {lines} lines up to {last}, got {count}, {head} / 日志：应为 {lines} 行、末行散列 {last}，实为 {count} 行"
        )


def check_signatures(case: str, files: dict[str, int], message: bytes, info: dict[str, str]) -> None:
    keys = set()
    for name in sorted(n for n in files if re.fullmatch(r"seal/[0-9a-f]{16}\.sig", n)):
        try:
            der = base64.b64decode(b"".join(small(case, files, name[:-3] + "pem").split(b"\n")[1:2]), validate=True)
            if not der.startswith(SPKI) or len(der) != 44 or not signed(der[12:], small(case, files, name), message):
                raise ValueError("the signature does not hold / 签名不成立")
            keys.add(hashlib.sha256(der).hexdigest())
        except (ValueError, IndexError) as error:
            problem(f"{name}: {error}")
    if info.get("Signing-Key") not in keys:
        key, got = info.get("Signing-Key"), ", ".join(sorted(keys)) or "none / 无"
        problem(f"seal: expected a signature by the key {key}, got {got} / 封存：应有该密钥的签名")
    print("signed by the keys with fingerprints / 签名密钥的指纹:", *sorted(keys) or ["none / 无"])


def main() -> None:
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr] # a console that has no Chinese
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", help="folder of the case / 案件文件夹")
    parser.add_argument("--digest", help="the digest on the paper record / 纸质笔录上的摘要")
    asked = parser.parse_args()
    if not os.path.isdir(asked.case):
        parser.error(f"{asked.case}: expected the folder of a case; check the path / 应为案件文件夹，请检查路径")
    case, files = asked.case, files_of(asked.case)
    tag_manifest = small(case, files, "tagmanifest-sha256.txt")
    digest = hashlib.sha256(tag_manifest).hexdigest()
    tags = check_manifest(case, files, "tagmanifest-sha256.txt", tag_manifest, 64 << 20, set())
    lines = small(case, files, "bag-info.txt").decode("utf-8", "replace").split("\n")
    info = dict(line.split(": ", 1) for line in lines if ": " in line)
    withheld = {"data/parties.json"} if "seal/withheld.txt" in files else set()
    manifest = small(case, files, "manifest-sha256.txt")
    oxum = re.fullmatch(r"(\d{1,18})\.\d+", info.get("Payload-Oxum", ""))
    most = int(oxum[1]) if oxum else 64 << 30
    payload = check_manifest(case, files, "manifest-sha256.txt", manifest, most, withheld)
    for name in sorted(TAGS - set(tags)):
        problem(f"{name}: not listed in tagmanifest-sha256.txt / 未列入 tagmanifest-sha256.txt")
    sizes = [size for name, size in files.items() if name.startswith("data/")]
    if not withheld - set(files) and info.get("Payload-Oxum") != f"{sum(sizes)}.{len(sizes)}":
        stated, got = info.get("Payload-Oxum"), f"{sum(sizes)}.{len(sizes)}"
        problem(f"Payload-Oxum: expected {stated}, got {got} / 应为 {stated}，实为 {got}")
    known = {*payload, *tags, "tagmanifest-sha256.txt", "lock"}
    left = {name for name in files if re.fullmatch(LEFT, name)}
    for name in sorted(left):
        print(
            f"note: {name} was left by a program that was killed; it is no part of the case / 说明：由被中断的程序遗留，不属于案件"
        )
    for name in sorted(n for n in files if n not in known | left and not re.fullmatch(r"seal/[^/]+", n)):
        problem(f"{name}: added: no manifest lists it / 后来加入：未列入任何清单")
    if "lock" in files and not re.fullmatch(LOCK, small(case, files, "lock")[:4096]):
        problem("lock: added: no lock of a run / 后来加入：不是检查的锁文件")
    check_journal(case, files, info)
    check_signatures(case, files, tag_manifest, info)
    if asked.digest and re.sub(r"\s", "", asked.digest).lower() != digest:
        problem(f"digest: expected {asked.digest}, got {digest} / 摘要不符")
    print(f"digest / 摘要 {digest}")
    for name in DENIED:
        print(f"{name}: no permission to read it: not checked / 无权读取，未检验")
    print("\n".join(PROBLEMS) or ("nothing else differs / 其余无差异" if DENIED else "as sealed / 与封存时相同"))
    sys.exit(1 if PROBLEMS else 2 if DENIED else 0)


if __name__ == "__main__":
    try:
        main()
    except PermissionError as error:  # a folder, or a file without which nothing could be said
        print(*PROBLEMS, f"{error.filename}: no permission to read it: not checked / 无权读取，未检验", sep="\n")
        sys.exit(1 if PROBLEMS else 2)
