"""Manipulations of a sealed case, and who finds each: `case verify`, the stand-alone verifier, coreutils, openssl.

python benchmarks/attacks.py                   all attacks and 1,000 damages of each file of a case; writes docs/attacks.md
python benchmarks/attacks.py --damages 50 --print      fewer, prints only

Every row is run on a fresh copy of the same sealed case.  The tests (tests/captures/test_attacks.py) run the same
attacks.  sha256sum and openssl are run as README.txt of the case says, where they are installed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from captures.bag import manifest_bytes  # noqa: E402
from captures.case import Case  # noqa: E402
from captures.journal import ZERO_SHA  # noqa: E402
from captures.journal_line import MAX_LINE, encode_line  # noqa: E402
from captures.seal import add_to_seal, seal, sign  # noqa: E402
from captures.seal_token import request  # noqa: E402
from captures.signing import Ed25519PrivateKey, fingerprint, public_pem, short  # noqa: E402
from captures.verify import Verification, verify  # noqa: E402
from captures.verify_seal import WITHHELD_TEXT  # noqa: E402
from tests.captures.authority import OPENSSL_HERE, Authority  # noqa: E402
from tests.captures.sealed import KEY, TOOL, UTC, finished_case  # noqa: E402

REPORT = ROOT / "docs" / "attacks.md"
STRANGER = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
OFFICER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
NAME = short(fingerprint(KEY.public_key()))
JOURNAL = "data/journal/0001.jsonl"
ORIGINAL = "data/originals/脉冲 1.sr"
ACCENTED = "data/originals/relevé.csv"
PROGRAMS = Path(ROOT / "captures" / "standalone_verify.py")


@dataclass(frozen=True)
class Scene:
    """A sealed case to be attacked, and what an attacker may have at hand: another sealed case of the same office."""

    case: Path
    other: Path


@dataclass(frozen=True)
class Attack:
    """`names`: what `verify` must name.  `second`: no look at the folder alone can show it; then what can, and `by`
    which option of `verify` ("note": it says so and does not call it a difference).  `alone`: whether the stand-alone
    verifier finds it too."""

    title: str
    act: Callable[[Scene], None]
    names: str = ""
    second: str = ""
    by: str = "digest"
    alone: bool = True


# --- what an attacker does -------------------------------------------------------------------------------------------


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


def act_rebuild(scene: Scene) -> None:
    rebuilt(scene.case)


def act_rebuild_manifests(scene: Scene) -> None:
    rebuilt(scene.case)
    remanifested(scene.case)


def act_strip(scene: Scene) -> None:
    act_rebuild_manifests(scene)
    stripped(scene.case)


def act_other_key(scene: Scene) -> None:
    act_rebuild_manifests(scene)
    stripped(scene.case)
    resigned(scene.case, STRANGER)


def act_replace_key(scene: Scene) -> None:
    act_rebuild_manifests(scene)
    resigned(scene.case, STRANGER, NAME)


def act_stranger_anew(scene: Scene) -> None:
    rebuilt(scene.case)
    resealed(scene.case, STRANGER)


def act_holder_anew(scene: Scene) -> None:
    rebuilt(scene.case)
    resealed(scene.case, KEY)
    sign(Case(scene.case), OFFICER)


def act_consistent(scene: Scene) -> None:
    change(ORIGINAL, b"pulses", b"Pulses")(scene)
    remanifested(scene.case)


def act_add(name: str, data: bytes = b"added") -> Callable[[Scene], None]:
    return lambda scene: put(scene.case / name, data)


def act_remove(*names: str) -> Callable[[Scene], None]:
    def act(scene: Scene) -> None:
        for name in names:
            (scene.case / name).unlink()

    return act


def act_rename(name: str, new: str) -> Callable[[Scene], None]:
    return lambda scene: os.rename(scene.case / name, scene.case / new)  # type: ignore[return-value]


def act_link(scene: Scene) -> None:
    """The same bytes today, from outside the case: tomorrow others."""
    outside = scene.case.with_name("outside.sr")
    outside.write_bytes((scene.case / ORIGINAL).read_bytes())
    (scene.case / ORIGINAL).unlink()
    (scene.case / ORIGINAL).symlink_to(outside)


def act_link_folder(scene: Scene) -> None:
    moved = scene.case.with_name("moved")
    os.rename(scene.case / "data" / "originals", moved)
    (scene.case / "data" / "originals").symlink_to(moved)


def act_swap_cases(scene: Scene) -> None:
    shutil.rmtree(scene.case / "data")
    shutil.copytree(scene.other / "data", scene.case / "data")


def act_foreign_signature(scene: Scene) -> None:
    put(scene.case / "seal" / f"{NAME}.sig", (scene.other / "seal" / f"{NAME}.sig").read_bytes())


def act_foreign_token(scene: Scene) -> None:
    for token in (scene.other / "seal").glob("token-*"):
        put(scene.case / "seal" / token.name, token.read_bytes())


def act_foreign_request(scene: Scene) -> None:
    for asked in (scene.other / "seal").glob("request-*"):
        put(scene.case / "seal" / asked.name, asked.read_bytes())


def act_token_changed(scene: Scene) -> None:
    path = next((scene.case / "seal").glob("token-*"))
    raw = bytearray(path.read_bytes())
    raw[-8] ^= 1
    put(path, bytes(raw))


def act_withhold(scene: Scene) -> None:
    act_remove("data/parties.json")(scene)
    put(scene.case / "seal" / "withheld.txt", WITHHELD_TEXT)


def act_request_changed(scene: Scene) -> None:
    path = next((scene.case / "seal").glob("request-*"))
    raw = bytearray(path.read_bytes())
    raw[-8] ^= 1
    put(path, bytes(raw))


def act_withheld_lie(scene: Scene) -> None:
    act_add("seal/withheld.txt", b"personal data is withheld\n")(scene)


def act_escape(scene: Scene) -> None:
    """A manifest that lists a file outside, its tag manifest made to agree."""
    outside = scene.case.with_name("outside.txt")
    outside.write_bytes(b"outside")
    path = scene.case / "manifest-sha256.txt"
    line = f"{hashlib.sha256(b'outside').hexdigest()}  data/../../outside.txt\n"
    put(path, path.read_bytes() + line.encode())
    retagged(scene.case)


def act_twice(scene: Scene) -> None:
    path = scene.case / "manifest-sha256.txt"
    put(path, path.read_bytes() + path.read_bytes().splitlines(keepends=True)[0])
    retagged(scene.case)


def crlf(name: str, again: bool) -> Callable[[Scene], None]:
    def act(scene: Scene) -> None:
        path = scene.case / name
        put(path, path.read_bytes().replace(b"\n", b"\r\n"))
        if again:
            retagged(scene.case)

    return act


def act_unseal(scene: Scene) -> None:
    act_rebuild(scene)
    for path in scene.case.iterdir():
        if path.name == "seal":
            shutil.rmtree(path)
        elif path.name != "data":
            path.unlink()


def act_sparse(scene: Scene) -> None:
    with open(scene.case / "data" / "originals" / "large.bin", "wb") as handle:
        handle.truncate(1 << 40)


def act_fifo(scene: Scene) -> None:
    os.mkfifo(scene.case / "data" / "derived" / "pipe")


def act_clash(scene: Scene) -> None:
    put(scene.case / "data/originals/脉冲 1.SR", b"shadows the original where case does not count")


NFD = unicodedata.normalize("NFD", ACCENTED)
SECOND = "the digest on paper (`--digest`) or a time stamp"

ATTACKS = (
    Attack("edit a journal line", change(JOURNAL, b"20.00 L", b"19.60 L"), "0001.jsonl line 5"),
    Attack("delete a journal line", journal_lines(lambda lines: lines[:9] + lines[10:]), "0001.jsonl line 10"),
    Attack("swap two journal lines", journal_lines(swapped), "0001.jsonl line 9"),
    Attack("insert a journal line twice", journal_lines(lambda lines: lines[:9] + lines[8:]), "0001.jsonl line 10"),
    Attack("cut the last file of the journal away", act_remove("data/journal/0002.jsonl"), "data/journal/0002.jsonl"),
    Attack("cut the last lines off the journal", change("data/journal/0002.jsonl", b'{"seq":24', b""), "0002.jsonl"),
    Attack("rename a file of the journal", act_rename("data/journal/0002.jsonl", "data/journal/0003.jsonl"), "0002.jsonl"),
    Attack("bytes after the end of the journal", act_add("data/journal/0002.jsonl.tmp"), "0002.jsonl.tmp"),
    Attack("a torn line after the end of the journal", change("data/journal/0002.jsonl", b'"}\n', b'"}\n{"seq":26'), "0002.jsonl"),
    Attack("edit and rebuild the chain of the journal", act_rebuild, "Journal-Head"),
    Attack("... and the manifests and the tag manifest", act_rebuild_manifests, f"{NAME}.sig"),
    Attack("... and strip the signature", act_strip, "not signed by the key that sealed it"),
    Attack("... and sign with another key", act_other_key, "not signed by the key that sealed it"),
    Attack("... and put another key into the place of the public key", act_replace_key, f"{NAME}.pem"),
    Attack("a stranger makes the whole case anew with his own key", act_stranger_anew, alone=False, second=f"{SECOND}, or the office's key (`--key`)"),
    Attack("the holder of the key makes the whole case anew", act_holder_anew, alone=False, second=SECOND),
    Attack("remove the whole seal from an edited case", act_unseal, second=f"{SECOND}, or `--sealed`"),
    Attack("edit an original", change(ORIGINAL, b"pulses", b"Pulses"), ORIGINAL),
    Attack("edit an original, manifest and tag manifest", act_consistent, f"{NAME}.sig"),
    Attack("add a file to the originals", act_add("data/originals/more.csv"), "data/originals/more.csv"),
    Attack("add a hidden file", act_add("data/derived/.x"), "data/derived/.x"),
    Attack("add a file beside data", act_add("notes.txt"), "notes.txt"),
    Attack("add a file to the seal", act_add("seal/notes.txt"), "seal/notes.txt", alone=False),
    Attack("add a file of a terabyte of zeros", act_sparse, "data/originals/large.bin"),
    Attack("remove an original", act_remove(ORIGINAL), ORIGINAL),
    Attack("rename an original", act_rename(ORIGINAL, "data/originals/x.sr"), "data/originals/x.sr"),
    Attack("rename to the same text in other Unicode characters", act_rename(ACCENTED, NFD), NFD),
    Attack("add a name that differs in case alone", act_clash, "data/originals/脉冲 1.SR"),
    Attack("a symbolic link in the place of an original", act_link, "a symbolic link"),
    Attack("a symbolic link in the place of a folder", act_link_folder, "a symbolic link"),
    Attack("a named pipe among the files", act_fifo, "a device, pipe or socket"),
    Attack("edit bag-info.txt (hour of sealing)", change("bag-info.txt", b"10:20:30", b"09:20:30"), "bag-info.txt"),
    Attack("edit README.txt", change("README.txt", b"sha256sum -c", b"sha1sum -c"), "README.txt"),
    Attack("edit the verifier in the case", change("verify_case.py", b"PROBLEMS else 0", b"PROBLEMS else 1"), "verify_case.py"),
    Attack("change the stored verdict", change("data/derived/verdict.json", b'"pass"', b'"fail"'), "data/derived/verdict.json"),
    Attack("edit the personal data", change("data/parties.json", b'"00"', b'"01"'), "data/parties.json"),
    Attack("remove the personal data without saying so", act_remove("data/parties.json"), "data/parties.json"),
    Attack("say that personal data is withheld which is there", act_withheld_lie, "seal/withheld.txt", alone=False),
    Attack("remove the personal data and say that it is withheld", act_withhold, second="`verify` says so; its SHA-256 stays, nothing else can take its place", by="note", alone=False),
    Attack("swap in the data of another sealed case", act_swap_cases, JOURNAL),
    Attack("the signature of another case by the same key", act_foreign_signature, f"{NAME}.sig"),
    Attack("the time stamp of another case", act_foreign_token, "a time stamp of another case", alone=False),
    Attack("the request of another case's time stamp", act_foreign_request, "a time stamp of another case", alone=False),
    Attack("edit the time stamp", act_token_changed, "token-", alone=False),
    Attack("edit the request for a time stamp", act_request_changed, "request-", alone=False),
    Attack("remove the second officer's signature", lambda scene: stripped(scene.case, short(fingerprint(OFFICER.public_key()))), second="the second officer's key (`--key`)", by="key", alone=False),
    Attack("edit the digest for the paper record", change("seal/digest.txt", b"2026-7\n", b"2026-7\n0000 "), "seal/digest.txt", alone=False),
    Attack("edit the QR code of the digest", change("seal/digest.svg", b"M4 4h1v1h-1z", b""), "seal/digest.svg", alone=False),
    Attack("files to be fetched (fetch.txt)", act_add("fetch.txt", b"https://example.org/x - data/x\n"), "fetch.txt"),
    Attack("a manifest that lists ../ outside", act_escape, "manifest-sha256.txt line"),
    Attack("a file listed twice in the manifest", act_twice, "manifest-sha256.txt line"),
    Attack("CR LF line ends in the manifest", crlf("manifest-sha256.txt", True), "manifest-sha256.txt"),
    Attack("CR LF line ends in the tag manifest", crlf("tagmanifest-sha256.txt", False), "tagmanifest-sha256.txt"),
    Attack("CR LF line ends in the journal", crlf(JOURNAL, False), JOURNAL),
    Attack("remove the tag manifest alone", act_remove("tagmanifest-sha256.txt"), "tagmanifest-sha256.txt"),
)  # fmt: skip


# --- who finds it ----------------------------------------------------------------------------------------------------


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


def scenes(folder: Path) -> Iterator[tuple[Attack, Scene, str]]:
    """Each attack on a copy of one case: the attack, the scene after it, the true digest."""
    whole, other = sealed_case(folder / "whole"), sealed_case(folder / "other", "other ")
    digest = hashlib.sha256((whole / "tagmanifest-sha256.txt").read_bytes()).hexdigest()
    for attack in ATTACKS:
        if attack.act in (act_foreign_token, act_token_changed) and not OPENSSL_HERE:
            continue  # nobody here can make a time stamp
        scene = Scene(folder / "attacked" / "case", other)
        shutil.copytree(whole, scene.case)
        attack.act(scene)
        yield attack, scene, digest
        shutil.rmtree(folder / "attacked")


def by_shell(line: str, folder: Path) -> bool:
    """Whether `line` complains."""
    done = subprocess.run(line, shell=True, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode != 0


COREUTILS = "sha256sum -c --strict --quiet tagmanifest-sha256.txt && sha256sum -c --strict --quiet manifest-sha256.txt"
COUNT = (
    "test \"Payload-Oxum: $(find data -type f -printf '%s\\n' | awk '{s += $1} END {print s}').$(find data -type f | wc -l)\""
    ' = "$(grep Payload-Oxum bag-info.txt)" && test -z "$(find . -type l)"'
    " && test -z \"$(ls -A | grep -vxE 'data|seal|bagit.txt|bag-info.txt|manifest-(sha256|sm3).txt|tagmanifest-sha256.txt|README.txt|verify_case.py|lock')\""
)
OPENSSL = (
    f"openssl pkeyutl -verify -pubin -inkey seal/{NAME}.pem -rawin -in tagmanifest-sha256.txt -sigfile seal/{NAME}.sig"
    f' && test "$(openssl pkey -pubin -in seal/{NAME}.pem -outform DER | sha256sum | cut -c1-64)" = "{fingerprint(KEY.public_key())}"'
)


def stand_alone(case: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The verifier as the project ships it, not the copy in the attacked case."""
    command = [sys.executable, "-I", str(PROGRAMS), str(case), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@dataclass(frozen=True)
class Row:
    attack: Attack
    found: Verification
    with_digest: Verification
    alone: bool
    tools: tuple[bool | None, bool | None, bool | None]


def rows(folder: Path) -> Iterator[Row]:
    tools = shutil.which("sha256sum"), shutil.which("find"), shutil.which("openssl")
    for attack, scene, digest in scenes(folder):
        yield Row(
            attack,
            verify(scene.case),
            verify(scene.case, digest=digest),
            stand_alone(scene.case).returncode != 0,
            tuple(
                by_shell(line, scene.case) if tool else None
                for line, tool in zip((COREUTILS, COUNT, OPENSSL), tools, strict=True)
            ),  # type: ignore[arg-type]
        )


def damages(folder: Path, count: int, seed: int = 1) -> Iterator[tuple[str, int, int, int]]:
    """Of each file of a sealed case `count` single-bit flips and `count` truncations (all, where there are fewer):
    name, flips, truncations, how many of both `verify` did not report."""
    whole = sealed_case(folder / "damaged")
    for name in sorted(str(path.relative_to(whole)) for path in whole.rglob("*") if path.is_file()):
        path, raw = whole / name, (whole / name).read_bytes()
        draw = random.Random(f"{seed} {name}")
        flips = range(8 * len(raw)) if 8 * len(raw) <= count else draw.sample(range(8 * len(raw)), count)
        cuts = range(len(raw)) if len(raw) <= count else draw.sample(range(len(raw)), count)
        missed = 0
        for bit in flips:
            changed = bytearray(raw)
            changed[bit // 8] ^= 1 << bit % 8
            put(path, bytes(changed))
            missed += not verify(whole).differences
        for length in cuts:
            put(path, raw[:length])
            missed += not verify(whole).differences
        put(path, raw)
        yield name, len(flips), len(cuts), missed
    assert not verify(whole).differences


# --- the page --------------------------------------------------------------------------------------------------------


def sign_of(found: bool | None) -> str:
    return {True: "found", False: "–", None: "not run"}[found]


def page(done: list[Row], damaged: list[tuple[str, int, int, int]]) -> str:
    second = [row for row in done if row.attack.second]
    unseen = [row.attack.title for row in done if row.found.differences and not any(row.tools)]
    out = [
        "# Attacks on a sealed case",
        "",
        "Written by `python benchmarks/attacks.py` from real runs; do not edit by hand.  The case: two originals, a journal in",
        "two files, personal data, a verdict, signed by the office and a second officer, with a time stamp.  `verify` is",
        "`shortmeasure case verify CASE`; *alone* the verifier that lies in every case; *sha256sum* the two `sha256sum -c` lines;",
        "*count* the comparison with Payload-Oxum, the search for links and the look at the names that README.txt asks for;",
        "*openssl* the signature and the fingerprint of the office's key.",
        "",
        f"{len(done)} attacks: `verify` finds {sum(bool(row.found.differences) for row in done)} from the folder alone.  "
        f"The other {len(second)} leave a folder that is whole in itself; what reveals each stands in the table.",
        "",
        "| attack | verify | it names | alone | sha256sum | count | openssl | verify --digest |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in done:
        first = str(row.found.differences[0]) if row.found.differences else f"nothing; reveals it: {row.attack.second}"
        named = next((str(d) for d in row.found.differences if row.attack.names in str(d)), first)
        said = named.replace("|", "\\|").replace("\\x", "\\\\x")
        said = said if len(said) <= 160 else said[:157] + "..."
        cells = [
            sign_of(bool(row.found.differences)),
            said,
            sign_of(row.alone),
            *map(sign_of, row.tools),
            sign_of(bool(row.with_digest.differences)),
        ]
        out.append(f"| {row.attack.title} | " + " | ".join(cells) + " |")
    out += [
        "",
        "`sha256sum -c` alone does not see an added file, or a manifest made to agree.  Found by `verify` and by none of the",
        f"three tools as run here ({len(unseen)}): {'; '.join(unseen)}.",
        "",
        "## Damage",
        "",
        "Single-bit flips and truncations of each file of the case, drawn at random (all of them where the file has fewer).",
        "",
        "| file | bit flips | truncations | not reported |",
        "|---|---|---|---|",
        *(f"| {name} | {flips} | {cuts} | {missed} |" for name, flips, cuts, missed in damaged),
        "",
    ]
    return "\n".join(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--damages", type=int, default=1000, help="bit flips and truncations of each file")
    parser.add_argument("--print", action="store_true", help="print the page, write nothing")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = page(list(rows(Path(folder))), list(damages(Path(folder), asked.damages)))
    if asked.print:
        sys.stdout.write(text)
    else:
        REPORT.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
