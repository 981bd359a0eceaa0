"""Whole inspections of honest scales in process, through the wires: what would be said of honest traders.

    python benchmarks/scale_inspections.py              400 of them: docs/scale_inspections.md
    python benchmarks/scale_inspections.py --n 40       a short look, writes no document

Resumable: finished inspections are lines in docs/results/scale_inspections.jsonl and are not run again while the code they ran
stays as it is (--fresh runs all again).  Every line holds seed, site, digest of the code and commit.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import honest_tables
from benchmarks.honest_tables import accused, judged, summary, table
from benchmarks.inspection_runs import commits

OWN = (
    "harness/benches.py",
    "harness/expected",
    "benchmarks/scale_inspections.py",
    "benchmarks/honest_tables.py",
    "benchmarks/verdict_tables.py",
)
SEED = 20_000
LABORATORY = 20  # one in so many is a laboratory run, because it takes longest
CELLS = (("price-scale", "K0"), ("price-scale", "K1"), ("truck-scale", "K0"), ("truck-scale", "K1"))
PAPERS = ((True, "complete"), (False, "silent"))

# what instruments differ in, beside their honest effects; None: as the simulation has it
INTERVALS = ("15/0.005", "6/0.002 15/0.005", "30/0.01", "6/0.002 15/0.005 ranges")
FILTERS: Mapping[str, tuple[Mapping[str, Any], float] | None] = {  # and the cut-out in e
    "usual": None,
    "quick": ({"kind": "mean", "taps": 8}, 2.0),
    "long mean": ({"kind": "mean", "taps": 60}, 6.0),
    "lag": ({"kind": "lag", "cutoff_hz": 1.0}, 0.0),
    "lag with cut-out": ({"kind": "lag", "cutoff_hz": 0.5}, 6.0),
}
ROUNDINGS = ("half-up", "half-even", "down", "up")
# keys of [profile] about which papers may be silent
SILENT = (
    "accuracy_class", "limits", "trade", "zero_tracking", "price_rounding", "unit_price_step", "currency", "unit_price_keys", "article_tax", "settle_s", "cells",
)  # fmt: skip


def effects_of(family: str) -> tuple[str, ...]:
    """Names of every honest effect at an instrument of this family."""
    from fixtures.sim.scale.honest import EFFECTS as PAN
    from fixtures.sim.scale.truck.honest import EFFECTS as DECK

    return tuple(PAN if family == "price-scale" else DECK)


def lines_of(family: str) -> tuple[tuple[str, str], ...]:
    """(driver, protocol) of every way in which the bench hears or asks such a scale."""
    from fixtures.sim.scale.lines import LINES
    from fixtures.sim.scale.truck.line import LINES as TRUCK_LINES

    if family == "truck-scale":
        return tuple(("scale-tap", name) for name in TRUCK_LINES)
    heard = [("scale-tap", name) for name, line in LINES.items() if line.frame is not None]
    return (*heard, *(("scale-host", name) for name, line in LINES.items() if line.session is not None))


def jobs_of(n: int) -> list[dict[str, Any]]:
    """Each kit in turn; every honest effect alone in turn and, every second site, two that are drawn; a third of the sites have
    papers that are silent, one in five is read by somebody who misreads one number in a hundred."""
    jobs: list[dict[str, Any]] = []
    for i in range(n):
        last = i >= n - n // LABORATORY
        family, kit = ("price-scale", "K3") if last else CELLS[i % len(CELLS)]
        turn = i - (n - n // LABORATORY) if last else i // len(CELLS)
        rng = np.random.default_rng([SEED, i])
        every = effects_of(family)
        alone = [(), *((name,) for name in every)]
        pair = tuple(str(name) for name in rng.choice(every, 2, replace=False))
        driver, protocol = lines_of(family)[turn % len(lines_of(family))]
        jobs.append(
            {
                "family": family, "kit": kit, "seed": SEED + i, "cheat": None,
                "honest": list(alone[turn // 2 % len(alone)] if turn % 2 == 0 else pair),
                "declared": turn // 2 % 3 != 2,
                "misread": 0.01 if turn % 5 == 0 else 0.0,
                "line": None if kit == "K0" else [driver, protocol],
                "site": _truck(rng) if family == "truck-scale" else _price(rng),
            }
        )  # fmt: skip
    return jobs


def _price(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "intervals": str(rng.choice(INTERVALS, p=(0.4, 0.3, 0.15, 0.15))),
        "filter": str(rng.choice(list(FILTERS))),
        "rounding": str(rng.choice(ROUNDINGS, p=(0.55, 0.15, 0.2, 0.1))),
        "update_ms": int(rng.choice((100, 200))),
        "frame_ms": int(rng.choice((50, 100, 200))),
    }


def _truck(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "d_kg": str(rng.choice(("10", "20", "50"), p=(0.2, 0.6, 0.2))),
        "cells": int(rng.choice((4, 6, 8))),
        "kind": str(rng.choice(("analogue", "digital"))),
        "update_ms": int(rng.choice((100, 200))),
        "tap": str(rng.choice(("computer", "indicator"))),
        "trade": str(rng.choice(("selling", "buying"))),
    }


def bench_of(job: Mapping[str, Any]) -> Any:
    """The built-in bench before the instrument of `job`: its line, and what its papers state."""
    from fixtures.benchfile import parse
    from fixtures.sim.scale.honest import declared as pan
    from fixtures.sim.scale.truck.honest import declared as deck
    from harness.benches import find, with_profile

    bench, site, names = find(f"{job['family']}-{job['kit'].lower()}"), job["site"], tuple(job["honest"])
    if job["line"] is not None:
        driver, protocol = job["line"]
        text = bench.text.replace('driver = "scale-tap"', f'driver = "{driver}"')
        spoken = str(bench.instruments[bench.stations["weight"]].options["protocol"])
        text = text.replace(f'protocol = "{spoken}"', f'protocol = "{protocol}"')
        if driver == "scale-host":
            text = text.replace(
                'url = "sim:scale"', 'url = "sim:scale"\nmay_write = "questions to the scale under test"'
            )
        bench = parse(text, bench.where)
    stated: dict[str, object] = {"update_ms": site["update_ms"]}
    if job["family"] == "truck-scale":
        stated |= {"intervals": f"80000/{site['d_kg']}", "cells": site["cells"], "trade": site["trade"]}
        effects = deck(names)
    else:
        kept = site["intervals"].removesuffix(" ranges")
        stated |= {"intervals": kept, "price_rounding": site["rounding"]}
        stated |= {"multi_range": True} if kept != site["intervals"] else {}
        effects = pan(names)
        if "intervals" in effects and " " in kept:
            del effects["intervals"]  # it has several already
    if job["declared"]:
        return with_profile(bench, {**stated, **effects})
    must = {"intervals", "multi_range"}  # a nameplate always says them
    silent = {key: None for key in (*SILENT, *effects, "update_ms") if key not in must}
    return with_profile(bench, {**{k: v for k, v in {**stated, **effects}.items() if k in must}, **silent})


def world_of(job: Mapping[str, Any]) -> Any:
    """The simulated honest instrument of `job`."""
    from fixtures.sim.scale.filters import FilterData
    from fixtures.sim.scale.scenario import ScaleScenario
    from fixtures.sim.scale.station import build_scale
    from fixtures.sim.scale.truck.scenario import TruckScenario
    from fixtures.sim.scale.truck.station import build_truck

    site, line = job["site"], {}
    if job["line"] is not None:
        line = {"protocol": job["line"][1], "broadcast": job["line"][0] == "scale-tap"}
    common: dict[str, Any] = {
        "kit": job["kit"], "seed": job["seed"], "honest": tuple(job["honest"]), "reading_error_rate": job["misread"], **line,
    }  # fmt: skip
    if job["family"] == "truck-scale":
        own = {key: site[key] for key in ("cells", "kind", "update_ms", "tap")}
        return build_truck(TruckScenario(d_kg=Decimal(site["d_kg"]), **own, **common))
    kept = site["intervals"].removesuffix(" ranges")
    pairs = tuple((Decimal(most), Decimal(e)) for most, e in (pair.split("/") for pair in kept.split()))
    drawn = None if "filter" in job["honest"] else FILTERS[site["filter"]]
    filtered = None if drawn is None else FilterData(**drawn[0], cut_out=drawn[1] * float(pairs[0][1]))
    return build_scale(
        ScaleScenario(
            intervals=pairs,
            multi_range=kept != site["intervals"],
            filter=filtered,
            rounding=site["rounding"],
            update_ms=site["update_ms"],
            frame_ms=site["frame_ms"],
            **common,
        )
    )


def inspected(job: dict[str, Any]) -> dict[str, Any]:
    """The job and what its verdict says; of an accusation also every finding."""
    plan = f"{job['family']}-{'bench' if job['kit'] == 'K3' else 'raid'}"
    return judged(job, plan, bench_of(job), world_of(job))


def described(row: Mapping[str, Any]) -> str:
    line = "" if row["line"] is None else f", {' '.join(row['line'])}"
    return honest_tables.described(row, f"{row['family']} {row['kit']}{line}")


def document(results: Sequence[Mapping[str, Any]]) -> list[str]:
    n = len(results)
    lines = sorted({tuple(r["line"]) for r in results if r["line"] is not None})
    return [
        "# Honest inspections of scales",
        "",
        f"{n} whole inspections of honest simulated traders by `python benchmarks/scale_inspections.py --n {n}`, {commits(results)}, seeds {SEED} to {SEED + n - 1}.",  # type: ignore[arg-type]
        "Population: price scales and truck scales, kits K0 and K1 in turn, one in twenty a price scale in the laboratory; every honest effect of `fixtures/sim/scale/honest.py` and",
        "`fixtures/sim/scale/truck/honest.py` alone in turn, none, and pairs drawn; intervals single, double and as ranges, five filters, four ways to round prices, 100 and 200 ms an update,",
        "analogue and digital cells; every protocol of the simulated scales, heard and asked. A third of the sites have papers that state no more than the nameplate; one in five is read by",
        "somebody who misreads one number in a hundred. Full wire path in virtual time. No figure here holds for a scale that is not simulated.",
        "",
        *summary(results),
        *table("bench", ((" ".join(cell), _at(results, *cell)) for cell in (*CELLS, ("price-scale", "K3")))),
        *table("price-scale: effect, alone or with another", _by_effect(results, "price-scale")),
        *table("truck-scale: effect, alone or with another", _by_effect(results, "truck-scale")),
        *table("line", ((" ".join(line), [r for r in results if r["line"] == list(line)]) for line in lines)),
        *table("papers", ((name, [r for r in results if r["declared"] is value]) for value, name in PAPERS)),
        *accused(results, described),
    ]


def _at(results: Sequence[Mapping[str, Any]], family: str, kit: str) -> list[Mapping[str, Any]]:
    return [r for r in results if (r["family"], r["kit"]) == (family, kit)]


def _by_effect(results: Sequence[Mapping[str, Any]], family: str) -> list[tuple[str, list[Mapping[str, Any]]]]:
    own = [r for r in results if r["family"] == family]
    every = [(name, [r for r in own if name in r["honest"]]) for name in effects_of(family)]
    return [("none", [r for r in own if not r["honest"]]), *every]


if __name__ == "__main__":
    sys.exit(honest_tables.command("scale_inspections", __doc__, jobs_of, inspected, OWN, document, described))
