"""Manipulations of a sealed case, and who finds each: `case verify`, the stand-alone verifier, coreutils, openssl.

python benchmarks/attacks.py                   all attacks and 1,000 damages of each file of a case; writes docs/attacks.md
python benchmarks/attacks.py --damages 50 --print      fewer, prints only

Every row is run on a fresh copy of the same sealed case.  The tests (tests/captures/test_attacks.py) run the same
attacks.  sha256sum and openssl are run as README.txt of the case says, where they are installed.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.case_forging import NAME, Scene, put, sealed_case  # noqa: E402
from benchmarks.finished_case import KEY  # noqa: E402
from benchmarks.manipulations import ATTACKS, Attack  # noqa: E402
from benchmarks.stamp_authority import OPENSSL_HERE  # noqa: E402
from captures.signing import fingerprint  # noqa: E402
from captures.verify import Verification, verify  # noqa: E402

REPORT = ROOT / "docs" / "attacks.md"
PROGRAM = ROOT / "captures" / "standalone_verify.py"
WAIT_S = 10  # of a command that waits at a pipe, or reads without end


def scenes(folder: Path) -> Iterator[tuple[Attack, Scene, str]]:
    """Each attack on a copy of one case: the attack, the scene after it, the true digest."""
    whole, other = sealed_case(folder / "whole"), sealed_case(folder / "other", "other ")
    digest = hashlib.sha256((whole / "tagmanifest-sha256.txt").read_bytes()).hexdigest()
    for attack in ATTACKS:
        if attack.stamped and not OPENSSL_HERE:
            continue  # nobody here can make a time stamp
        scene = Scene(folder / "attacked" / "case", other)
        shutil.copytree(whole, scene.case)
        attack.act(scene)
        yield attack, scene, digest
        shutil.rmtree(folder / "attacked")


def by_shell(line: str, folder: Path) -> str:
    """Whether `line` complains: "found", "–", or "waits" when it has not ended after WAIT_S seconds."""
    done = subprocess.Popen(
        line, shell=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        return "found" if done.wait(WAIT_S) else "–"
    except subprocess.TimeoutExpired:
        return "waits"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(done.pid, signal.SIGKILL)
        done.wait()


COREUTILS = "sha256sum -c --strict --quiet tagmanifest-sha256.txt && sha256sum -c --strict --quiet manifest-sha256.txt"
COUNT = (
    "test \"Payload-Oxum: $(find data -type f -printf '%s\\n' | awk '{s += $1} END {printf \"%.0f\", s}').$(find data -type f | wc -l)\""
    ' = "$(grep Payload-Oxum bag-info.txt)" && test -z "$(find . ! -type f ! -type d)"'
    " && test -z \"$(find . -type d | grep -vxE '[.]|[.]/(seal|data(/(journal|originals|derived))?)')\""
    " && test -z \"$(ls -A | grep -vxE 'data|seal|bagit.txt|bag-info.txt|manifest-(sha256|sm3).txt|tagmanifest-sha256.txt|README.txt|verify_case.py|lock')\""
)
OPENSSL = (
    f"openssl pkeyutl -verify -pubin -inkey seal/{NAME}.pem -rawin -in tagmanifest-sha256.txt -sigfile seal/{NAME}.sig"
    f' && test "$(openssl pkey -pubin -in seal/{NAME}.pem -outform DER | sha256sum | cut -c1-64)" = "{fingerprint(KEY.public_key())}"'
)


def stand_alone(case: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The verifier as the project ships it, not the copy in the attacked case."""
    command = [sys.executable, "-I", str(PROGRAM), str(case), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@dataclass(frozen=True)
class Row:
    attack: Attack
    found: Verification
    with_digest: Verification
    alone: bool
    tools: tuple[str, ...]


def rows(folder: Path) -> Iterator[Row]:
    tools = shutil.which("sha256sum"), shutil.which("find"), shutil.which("openssl")
    for attack, scene, digest in scenes(folder):
        yield Row(
            attack,
            verify(scene.case),
            verify(scene.case, digest=digest),
            stand_alone(scene.case).returncode != 0,
            tuple(
                by_shell(line, scene.case) if tool else "not run"
                for line, tool in zip((COREUTILS, COUNT, OPENSSL), tools, strict=True)
            ),
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


BY = {
    "digest": "Only a second copy of the digest (`--digest`, a time stamp kept elsewhere), or what its row names, reveals",
    "key": "Only a key that is demanded (`--key`) reveals",
    "note": "`verify` notes it and calls it no difference, for nothing sealed was replaced",
    "copy": "Only a second copy of what was taken reveals",
}


def sign_of(found: bool) -> str:
    return "found" if found else "–"


def page(done: list[Row], damaged: list[tuple[str, int, int, int]]) -> str:
    second = [row for row in done if row.attack.second]
    unseen = [row.attack.title for row in done if row.found.differences and "found" not in row.tools]
    out = [
        "# Attacks on a sealed case",
        "",
        "Written by `python benchmarks/attacks.py` from real runs; do not edit by hand.  The case: two originals, a journal in",
        "two files, personal data, a verdict, signed by the office and a second officer, with a time stamp.  `verify` is",
        "`shortmeasure case verify CASE`; *alone* the verifier that lies in every case; *sha256sum* the two `sha256sum -c` lines;",
        "*count* the comparison with Payload-Oxum, the search for links, pipes and folders and the look at the names of the",
        "folder itself, as README.txt asks for them; *openssl* the signature and the fingerprint of the office's key.",
        f"*waits*: the command had not ended after {WAIT_S} s and was stopped.",
        "",
        f"{len(done)} attacks: `verify` finds {sum(bool(row.found.differences) for row in done)} from the folder alone.  "
        f"The other {len(second)} leave a folder that is whole in itself; what reveals each stands in the table.",
        "",
        *(
            f"- {said}: {'; '.join(row.attack.title for row in second if row.attack.by == by)}."
            for by, said in BY.items()
        ),
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
            *row.tools,
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
