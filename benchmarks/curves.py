"""Operating curves of every detector: the share found by size of the cheat and amount observed, and false hits.

    python benchmarks/curves.py                     every detector whose curves are not measured yet or stale
    python benchmarks/curves.py --only split course these alone
    python benchmarks/curves.py --write             writes the curves and the page anew from stored rows, measures nothing

A cell is SEEDS cases, seeded by cheat, grade, effect, amount and number; finished cells stand in docs/results/curves.jsonl
with version and digest of their detector and are not run again while these stay.  Writes harness/catalogue/curves.toml and
docs/detectors.md.  To measure another detector, name in FOR what it is for.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the matrices are small: threads only wait for each other

import numpy as np  # noqa: E402

from benchmarks import generators  # noqa: E402
from benchmarks.repository import commit  # noqa: E402
from benchmarks.staged import CHEATS, Cheat  # noqa: E402
from fixtures.plugins import plugins  # noqa: E402
from harness.calibration import RESOURCE, digest, load_curves, stale  # noqa: E402
from harness.editions import edition  # noqa: E402
from harness.families import family_tests  # noqa: E402
from harness.judge.contract import DetectorSpec, Validation, View  # noqa: E402

SEED, SEEDS, WORKERS = 20_240_503, 40, 2
GENERATOR = "benchmarks/generators.py"
RESULTS = ROOT / "docs" / "results" / "curves.jsonl"
CURVES = ROOT / "harness" / "catalogue" / RESOURCE
REPORT = ROOT / "docs" / "detectors.md"
ASSUMED = Validation(1_000_000, 0)  # hits do not depend on it

FOR: Mapping[str, tuple[str, ...]] = {
    "edge-balance": ("every n-th pulse doubled, both taps", "every n-th pulse left out, both taps"),
    "quadrature": ("pulses at random on one channel",),
    "split": ("a pulse after every n-th, board alone", "a pulse after pulses at random, board alone"),
    "oscillator": ("an oscillator while fuel flows", "an oscillator with the nozzle closed"),
    "zero-flow": ("an oscillator with the nozzle closed",),
    "dead-time": ("a pulse shortly after pulses at random",),
    "slots": ("another disc",),
    "period-gain": ("a smooth multiplier",),
    "fingerprint-slip": ("a smooth multiplier that comes on",),
    "timer-lattice": ("edges on the ticks of a timer",),
    "jitter-floor": ("intervals paced by a mean, both taps",),
    "channel-phase": ("both channels computed",),
    "acceleration": ("a shaft that leaps",),
    "course": ("a register that counts more from the middle on",),
    "register-law": ("a register that counts more",),
    "display-law": ("a display that shows more",),
    "amount-law": ("an amount that is more",),
    "totaliser-law": ("a totaliser that keeps more",),
    "start-law": ("a sale that does not begin at zero",),
    "zero-law": ("a register that counts with the nozzle closed",),
    "visit-totaliser": ("a totaliser that loses a share",),
    "restart-law": ("another totaliser after power was cut",),
    "self-lock-law": ("a self-lock that stays silent",),
    "parameter-law": ("a meter factor that was not sealed",),
    "constant-gain": ("a gain against the reference",),
    "gain-change": ("more where nobody is known to watch",),
    "sale-gain": ("more in every third sale",),
    "portion-gain": ("more from nine litres of a sale on",),
}
ELSEWHERE: Mapping[str, str] = {  # detectors without curves, and why
    "gain-onset": "it never claims, so that there is nothing to find: it names steps of the pulse rate for people to look at",
}


def own_detectors() -> dict[str, DetectorSpec]:
    """The registered tests of pulses of this distribution, by name; those of scales have benchmarks of their own."""
    scales = family_tests(edition("jjg539-2016")).detectors
    own = {p.name: p.spec for p in plugins("detectors") if p.distribution == "shortmeasure" and p.spec is not None}
    return {name: spec for name, spec in own.items() if name not in scales}


def cell(name: str, cheat: str, grade: str, effect: float, amount: float, seeds: int) -> dict[str, Any]:
    """How many of `seeds` cases the detector found, and in how many it was mute."""
    spec, staged = own_detectors()[name], CHEATS[cheat]
    found = mute = 0
    for seed in range(seeds):
        key = hashlib.sha256(f"{SEED} {cheat} {grade} {effect:.6g} {amount:g} {seed}".encode()).digest()
        rng = np.random.default_rng(int.from_bytes(key[:8], "big"))
        segments, profile = staged.make(generators, rng, grade, staged.flow, effect, amount)
        readings = spec.judge(segments, View(profile, spec.parameters, ASSUMED))
        found += any(reading.hits and reading.shape is not None for reading in readings)
        mute += not any(reading.spoke for reading in readings)
    return {
        "cheat": cheat,
        "grade": grade,
        "effect": effect,
        "amount": amount,
        "seeds": seeds,
        "found": found,
        "mute": mute,
    }


Key = tuple[str, int, str, str, str, float, float, int]


def _key(row: Mapping[str, Any]) -> Key:
    return (
        row["detector"], row["version"], row["digest"], row["cheat"], row["grade"], row["effect"], row["amount"], row["seeds"],
    )  # fmt: skip


def stored() -> dict[Key, dict[str, Any]]:
    """Finished cells."""
    lines = RESULTS.read_text("utf-8").splitlines() if RESULTS.exists() else []
    return {_key(row): row for row in map(json.loads, lines)}


def wanted(spec: DetectorSpec, own: str, seeds: int) -> Iterable[Key]:
    """Every cell of one detector."""
    for name in FOR.get(spec.name, ()):
        cheat: Cheat = CHEATS[name]
        for grade in cheat.grades:
            for effect in cheat.effects:
                for amount in cheat.amounts:
                    yield spec.name, spec.version, own, name, grade, round(effect, 6), amount, seeds


def measure(names: Sequence[str], seeds: int) -> None:
    """The cells of these detectors that are not stored yet, into RESULTS."""
    specs, done = own_detectors(), stored()
    jobs = [key for name in names for key in wanted(specs[name], digest(specs[name]), seeds) if key not in done]
    at = commit(12)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(WORKERS) as pool, RESULTS.open("a", encoding="utf-8") as out:
        columns = [[key[i] for key in jobs] for i in (0, 3, 4, 5, 6, 7)]
        for n, (key, row) in enumerate(zip(jobs, pool.map(cell, *columns), strict=True), 1):
            body = {"detector": key[0], "version": key[1], "digest": key[2], "commit": at, **row}
            out.write(json.dumps(body, sort_keys=True) + "\n")
            out.flush()
            print(f"\r{n} of {len(jobs)} cells, {key[0]:<18}", end="", file=sys.stderr)
    print(file=sys.stderr)


HEAD = """# Measured by benchmarks/curves.py: what each detector finds, by size of the cheat and amount observed.
# found, mute: a row for each effect, in it a number for each amount, of `seeds` cases; effect 0 is honest.
# digest: of parameters and output on the fixed streams (harness/calibration.py); another one makes the curves stale.
"""


def write(seeds: int) -> list[str]:
    """Curves and page from the stored cells; the detectors whose cells are not complete, whose entry stays as it was."""
    rows, entries, lacking = stored(), [], []
    before = {c["detector"]: c for c in _entries()}
    for name, spec in sorted(own_detectors().items()):
        own = digest(spec)
        keys = list(wanted(spec, own, seeds))
        if name in ELSEWHERE:
            entries.append({"detector": name, "version": spec.version, "digest": own, "commit": commit(12), "elsewhere": ELSEWHERE[name], "population": []})  # fmt: skip
        elif keys and all(key in rows for key in keys):
            entries.append(_entry(spec, own, {key: rows[key] for key in keys}, seeds))
        else:
            lacking.append(name)
            if name in before:
                entries.append(before[name])
    CURVES.write_text("\n".join([HEAD, *map(_toml, entries)]), "utf-8")
    load_curves.cache_clear()
    REPORT.write_text(_page(), "utf-8")
    return lacking


def _entries() -> list[dict[str, Any]]:
    import tomllib

    return list(tomllib.loads(CURVES.read_text("utf-8")).get("curve", [])) if CURVES.exists() else []


def _entry(spec: DetectorSpec, own: str, rows: Mapping[Key, Mapping[str, Any]], seeds: int) -> dict[str, Any]:
    populations = []
    for name in FOR[spec.name]:
        cheat = CHEATS[name]
        for grade in cheat.grades:
            keys = [
                [(spec.name, spec.version, own, name, grade, round(e, 6), a, seeds) for a in cheat.amounts] for e in cheat.effects
            ]  # fmt: skip
            populations.append({
                "cheat": name, "unit": cheat.unit, "generator": GENERATOR, "grade": grade, "flow": cheat.flow, "axis": cheat.axis,
                "amounts": list(cheat.amounts), "effects": [round(e, 6) for e in cheat.effects], "seeds": seeds,
                **{what: [[rows[key][what] for key in line] for line in keys] for what in ("found", "mute")},
            })  # fmt: skip
    at = sorted({str(row["commit"]) for row in rows.values()})
    return {"detector": spec.name, "version": spec.version, "digest": own, "commit": " ".join(at), "elsewhere": "", "population": populations}  # fmt: skip


def _toml(entry: Mapping[str, Any]) -> str:
    head = "".join(f"{key} = {json.dumps(value)}\n" for key, value in entry.items() if key != "population")
    bodies = [
        "\n[[curve.population]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in population.items())
        for population in entry["population"]
    ]
    return "[[curve]]\n" + head + ("".join(bodies) if bodies else "population = []\n")


def _page() -> str:
    """docs/detectors.md."""
    specs, curves = own_detectors(), load_curves()
    lines = [
        "# Detectors and their operating curves", "",
        f"Made by `python benchmarks/curves.py`, seed {SEED}; raw cells in [results/curves.jsonl](results/curves.jsonl), data in",
        "`harness/catalogue/curves.toml`. `shortmeasure detectors NAME` shows the same with parameters and validation.", "",
        "A number is the share of cases in which the detector found the cheat (a hit in at least one segment), \"-\" where it never",
        "spoke. The first row is honest: shares of false hits, on few cases; what an e-value may claim is measured on ten thousand",
        "([validation.md](validation.md)). Populations are those of a model (`benchmarks/generators.py`), not field data: encoder grades",
        "and flows as stated. Least effect: the smallest one measured that is found with 90 % and more, as every larger one is.", "",
    ]  # fmt: skip
    for name, spec in sorted(specs.items()):
        lines += [f"## {name}, version {spec.version}", "", f"{spec.kind}. Null: {spec.null}. Needs: {spec.needs}.", ""]
        found = curves.get(name)
        if found is None:
            lines += ["Not measured.", ""]
            continue
        lines += [
            f"Commit {found.commit}." + (f" No curves: {found.elsewhere}." if found.elsewhere else ""),
            "",
        ]
        if found.version != spec.version:
            lines[-2] += f" Curves are of version {found.version}: stale."
        for p in found.populations:
            size = "share" if p.unit == "share" else p.unit
            at = ", ".join(part for part in (p.grade, p.flow) if part)
            lines += [f"{p.cheat} ({at}; {p.seeds} cases a cell):", ""]
            lines.append(f"| {size} | " + " | ".join(f"{a:g} {p.axis}" for a in p.amounts) + " |")
            lines.append("|---" * (len(p.amounts) + 1) + "|")
            for i, effect in enumerate(p.effects):
                cells = ["-" if p.mute[i][j] == p.seeds else f"{p.share(i, j):.2f}" for j in range(len(p.amounts))]
                told = "honest" if effect == 0 else f"{100 * effect:.3g} %" if p.unit == "share" else f"{effect:g}"
                lines.append(f"| {told} | " + " | ".join(cells) + " |")
            least = [p.least(j) for j in range(len(p.amounts))]
            told = ["none" if x is None else f"{100 * x:.3g} %" if p.unit == "share" else f"{x:g}" for x in least]
            lines += ["| least effect | " + " | ".join(told) + " |", ""]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description="operating curves")
    parser.add_argument("--only", nargs="+", choices=sorted(own_detectors()), default=[], metavar="NAME")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--write", action="store_true", help="measure nothing")
    arguments = parser.parse_args()
    specs, curves = own_detectors(), load_curves() if CURVES.exists() else {}
    names = arguments.only or [name for name, spec in specs.items() if stale(spec, curves.get(name))]
    if not arguments.write:
        measure([name for name in names if name in FOR and name not in ELSEWHERE], arguments.seeds)
    lacking = write(arguments.seeds)
    if lacking:
        print(f"not complete: {', '.join(lacking)}", file=sys.stderr)
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
