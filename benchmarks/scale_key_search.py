"""Key search in the laboratory: is a gain behind two keys found, its code named, in how much simulated time, and without harm.

    python benchmarks/scale_key_search.py               100 codes and what stands beside them: docs/scale_key_search.md
    python benchmarks/scale_key_search.py --n 6         a short look, writes no document

Codes are drawn uniformly from the 30 x 30 ordered pairs of the pad, sizes from 5 to 30 %, what clears them from any key, power
and the clear key, filter and noise by the seed.  Beside them: keys that are never to be pressed, a password typed while the scale
starts, the search by hand.  Resumable: finished runs are lines in docs/results/scale_key_search.jsonl (--fresh runs all again).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.inspection_runs import ACCUSED, ROOT, commits, interval, run, told

OWN = ("harness/benches.py", "benchmarks/scale_key_search.py")
SEED, USUAL = 40_000, 100
CLEARED = ("any_key", "power", "clear")
FILTERS: Mapping[str, Mapping[str, Any] | None] = {
    "moving average of 0.6 s": None,
    "moving average of 1.5 s": {"kind": "mean", "taps": 60, "cut_out": 0.03},  # 6 e: far beyond its own noise
    "lag, 1 Hz": {"kind": "lag", "cutoff_hz": 1.0},
}
FORBIDDEN_RUNS, NEVER_PRESSED = 8, 3
PASSWORDS = ("4821", "0907", "5201")
LIMIT_MIN, WANTED = 30.0, 0.90
HAND_S = 3.0  # a pair by hand
AGAIN = 4  # fresh loadings on which the plan shows a code; one that does not show is left after at most two
STARTING = "typed while the scale starts"

Code = tuple[str, ...]


def job(kind: str, seed: int, **given: Any) -> dict[str, Any]:
    """`kind`: "pair", "forbidden", "excluded" (its code holds a key that is never pressed), "password", "hand"."""
    from fixtures.sim.scale.keypad import KEYS

    rng = np.random.default_rng([SEED, seed])
    never = [str(key) for key in rng.choice(KEYS, NEVER_PRESSED, replace=False)]
    pair = [str(key) for key in rng.choice(KEYS, 2)]
    size, cleared = round(float(rng.uniform(0.05, 0.30)), 3), str(rng.choice(CLEARED))
    filtered = str(rng.choice(list(FILTERS)))
    allowed = [key for key in KEYS if key not in never]
    if kind == "forbidden":
        pair = [str(key) for key in rng.choice(allowed, 2)]
    elif kind == "excluded":
        pair = [never[0], str(rng.choice(allowed))]
    return {
        "kind": kind, "kit": "K1" if kind == "hand" else "K3", "seed": SEED + seed, "cheat": f"code:{','.join(pair)}:{cleared}",
        "size": size, "cleared": cleared, "filter": filtered,
        "never": never if kind in ("forbidden", "excluded") else [], **given,
    }  # fmt: skip


def jobs_of(n: int) -> list[dict[str, Any]]:
    pairs = [job("pair", number) for number in range(n)]
    beside = max(1, n * FORBIDDEN_RUNS // USUAL)
    forbidden = [job("forbidden", USUAL + number) for number in range(beside)]
    excluded = [job("excluded", USUAL + FORBIDDEN_RUNS + number) for number in range(max(1, beside // 4))]
    first = USUAL + 2 * FORBIDDEN_RUNS
    passwords = [
        job("password", first + number, cheat=f"password:{digits}", cleared="power")
        for number, digits in enumerate(PASSWORDS[: max(1, n * len(PASSWORDS) // USUAL)])
    ]
    return [*pairs, *forbidden, *excluded, *passwords, job("hand", first + len(PASSWORDS), cheat="code:7,M3:power", cleared="power")]  # fmt: skip


def inspected(job: dict[str, Any]) -> dict[str, Any]:
    """The job, what its verdict says and names, and what was pressed when, by the journal and at the scale itself."""
    import harness.inspection as inspection
    from fixtures.sim.scale.cheats import parse_scale_cheat
    from fixtures.sim.scale.filters import FilterData
    from fixtures.sim.scale.scenario import ScaleScenario
    from fixtures.sim.scale.station import build_scale
    from harness.benches import find, with_profile
    from harness.enact import ability
    from harness.plans.price_scale_raid import harmless, scale_of

    inspection.Progress = lambda *_, **__: lambda *step: None  # type: ignore[assignment,misc]
    bench = find(f"price-scale-{job['kit'].lower()}")
    if job["never"]:
        bench = with_profile(bench, {"forbidden_keys": " ".join(job["never"])})
    filtered = FILTERS[job["filter"]]
    site = build_scale(
        ScaleScenario(
            kit=job["kit"],
            seed=job["seed"],
            cheat=parse_scale_cheat(job["cheat"], job["size"]),
            filter=None if filtered is None else FilterData(**filtered),
            protocol=str(bench.instruments[bench.stations["weight"]].options["protocol"]),
        )
    )
    pressed: list[str] = []
    work = site.scale.key

    def key(label: str, t_ns: int) -> None:
        pressed.append(label)
        work(label, t_ns)

    site.scale.key = key  # type: ignore[method-assign]  # what reaches the scale, whatever the journal says
    with tempfile.TemporaryDirectory() as folder:
        case = Path(folder) / "case"
        document = inspection.inspect("price-scale-bench", bench, case, world=site).document
        presses = read_presses(case / "data" / "journal")
    kept = set(harmless(scale_of(ability(bench))))
    accused = [f for f in document["findings"] if f["level"] in ACCUSED]
    said = [*(f"{q['text']}: {q['why']}" for q in document["coverage"] if not q["answered"]), *document["notes"]]
    return {
        **job, **told(document), "minutes": round(site.now_ns / 6e10, 1),
        "named": [{"level": f["level"], "detectors": f["detectors"], "codes": codes_of(f["at"])} for f in accused],
        **presses, "own_work": sorted(set(pressed) - kept), "pressed": sorted(set(pressed)), "presses": len(pressed),
        "tried": [text for text in said if "pairs of keys" in text or "ordered pairs" in text],
        "unreached": [text for text in said if STARTING in text],
    }  # fmt: skip


def codes_of(at: Mapping[str, Any]) -> list[str]:
    """Codes that a finding names, keys with blanks between, each once."""
    codes = at.get("codes", ())
    return list(dict.fromkeys(code if isinstance(code, str) else " ".join(code) for code in codes))


def read_presses(journal: Path) -> dict[str, Any]:
    """From the steps of a journal: on how many loadings each code of several keys was pressed as one, minutes from the beginning
    to the last time, and every key of any press."""
    from captures.journal import read_lines

    label, keys, begin_ns = "", (), None
    on: dict[str, set[str]] = {}
    last: dict[str, float] = {}
    every: set[str] = set()
    for line in read_lines(journal):
        body = line.body
        if body.get("kind") == "mark" and str(body.get("mark", "")).startswith("press-"):
            every.add(str(body["mark"]).removeprefix("press-"))
        if body.get("kind") not in ("step", "outcome"):
            continue
        begin_ns = int(body["t_ns"]) if begin_ns is None else begin_ns
        if body["kind"] == "step":
            step = body["step"]
            label = str(step["label"]) if step["type"] == "Load" else label
            keys = tuple(step["sequence"]) if step["type"] == "Keys" else ()
        elif keys:
            name = " ".join(keys)
            on.setdefault(name, set()).add(label)
            last[name] = round((int(body["t_ns"]) - begin_ns) / 6e10, 2)
    again = {name: len(labels) for name, labels in on.items() if len(labels) >= 2}
    return {"again": again, "last_min": {name: last[name] for name in again}, "journal_keys": sorted(every)}


def code_of(row: Mapping[str, Any]) -> str:
    return str(row["cheat"]).split(":")[1].replace(",", " ")


def named_by(row: Mapping[str, Any]) -> str:
    """What named the code, and no other beside it: "finding", "shown again", or "".

    A finding names it with every code that it holds; a single key in it may only be the code's last, at which an untouched load
    is first seen to move.  A code with a key that changes the display by its own work (`own_work`) is named by what the plan
    showed again on fresh loads, where a finding stands.
    """
    if row["integrity"] not in ACCUSED:
        return ""
    code = code_of(row)
    keys = code.split()
    if any(code in one["codes"] and set(one["codes"]) <= {code, keys[-1]} for one in row["named"]):
        return "finding"
    shown = shown_again(row)
    return "shown again" if shown == [code] and set(keys) & set(row["own_work"]) else ""


def shown_again(row: Mapping[str, Any]) -> list[str]:
    """Codes of several keys that the plan showed on fresh loads to the end."""
    return [name for name, loadings in row["again"].items() if loadings >= AGAIN and len(name.split()) > 1]


def minutes_to_name(row: Mapping[str, Any]) -> float | None:
    """From the beginning to the last press that confirmed the code, wherever in the run."""
    found = row["last_min"].get(code_of(row))
    return None if found is None else float(found)


def found(row: Mapping[str, Any]) -> bool:
    minutes = minutes_to_name(row)
    return bool(named_by(row)) and minutes is not None and minutes < LIMIT_MIN


def harmed(row: Mapping[str, Any]) -> list[str]:
    """Keys that were never to be pressed and were, at the scale or by the journal."""
    return sorted(set(row["never"]) & {*row["pressed"], *row["journal_keys"]})


def spread(minutes: Iterable[float | None]) -> str:
    own = sorted(m for m in minutes if m is not None)
    return f"{np.median(own):.1f} ({own[0]:.1f} to {own[-1]:.1f})" if own else ""


def in_table(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    hits = [r for r in rows if found(r)]
    low, high = interval(len(hits), len(rows))
    by = [sum(named_by(r) == how for r in hits) for how in ("finding", "shown again")]
    unsure = sum(r["integrity"] in ACCUSED and not found(r) for r in rows)
    return f"| {name} | {len(rows)} | {len(hits)} | {low:.2f} to {high:.2f} | {by[0]} | {by[1]} | {unsure} | {sum(r['integrity'] not in ACCUSED for r in rows)} | {spread(minutes_to_name(r) for r in hits)} |"


def document(results: Sequence[Mapping[str, Any]]) -> list[str]:
    from fixtures.sim.scale.keypad import KEYS

    of = {
        kind: [r for r in results if r["kind"] == kind]
        for kind in ("pair", "forbidden", "excluded", "password", "hand")
    }
    pairs = of["pair"]
    n = len(pairs)
    hits = sum(map(found, pairs))
    low, high = interval(hits, n)
    all_pairs = len(KEYS) ** 2
    lines = [
        "# Key search",
        "",
        f"By `python benchmarks/scale_key_search.py --n {n}`, {commits(results)}, seeds {SEED} to {SEED + n - 1} for the codes: plan `price-scale-bench` with the machine that loads weights and",  # type: ignore[arg-type]
        f"presses keys, in process, virtual time. A gain of 5 to 30 % (uniform) behind two keys drawn uniformly from the {all_pairs} ordered pairs of {len(KEYS)} keys; what clears it is drawn from any key, power",
        "and the clear key, the scale's filter and noise by the seed. Found means: a finding at least `suspect` names exactly this code, or, for keys that change the display by their own work,",
        "the plan showed exactly this code again on fresh loads; and the last press that confirmed it came within 30 minutes of the beginning, preliminaries and confirmation after a power cut counted.",
        "",
        f"**{hits} of {n}** (95 %, Wilson: {low:.2f} to {high:.2f}); asked for are {WANTED:.0%}.",
        "",
        "| cleared by | codes | found | share, 95 % | named by the finding | by what was shown again | suspect, code not named | nothing | minutes, median (range) |",
        "|---|---|---|---|---|---|---|---|---|",
        in_table("all", pairs),
        *(in_table(name.replace("_", " "), [r for r in pairs if r["cleared"] == name]) for name in CLEARED),
        "",
        "| filter | codes | found | share, 95 % | named by the finding | by what was shown again | suspect, code not named | nothing | minutes, median (range) |",
        "|---|---|---|---|---|---|---|---|---|",
        *(in_table(name, [r for r in pairs if r["filter"] == name]) for name in FILTERS),
    ]  # fmt: skip
    if missed := [r for r in pairs if not found(r)]:
        lines += ["", "Not found:", "", *map(told_of, missed)]
    lines += ["", "## Keys that are never pressed", ""]
    own = [*of["forbidden"], *of["excluded"]]
    lines += [
        f"{len(own)} runs with {NEVER_PRESSED} keys drawn as `forbidden_keys` (what opens a save or calibrate dialog): {sum(bool(harmed(r)) for r in own)} pressed one, counted at the scale and in the journal.",
        f"Codes of the other keys: found {sum(map(found, of['forbidden']))} of {len(of['forbidden'])}. Codes that hold such a key cannot be found, and the verdict says how many pairs were tried:",
        "",
        *(f"- `{code_of(r)}`, {r['integrity']}: {'; '.join(r['tried'])}" for r in of["excluded"]),
        "",
        "## Passwords typed while the scale starts",
        "",
        "Four digits as the first keys after power-up have 10^4 values, and each costs a power cycle; the search does not type them. The verdict says so, with what was tried:",
        "",
        *(f"- `{r['cheat']}`: {r['integrity']}; {'; '.join([*r['tried'], *r['unreached']]) or 'NOT SAID'}" for r in of["password"]),
        "",
        "## By hand",
        "",
        f"At {HAND_S:g} s a pair, press and look, all {all_pairs} pairs take {all_pairs * HAND_S / 60:.0f} minutes, a code drawn uniformly is met after {all_pairs * HAND_S / 120:.1f} on average, and {LIMIT_MIN:g} minutes reach {LIMIT_MIN * 60 / HAND_S / all_pairs:.0%} of them. One ordered walk",
        f"over all keys (a de Bruijn sequence) needs {all_pairs + 1} presses instead of {2 * all_pairs}. Simulated, the same plan with hands instead of the machine, the line listened to:",
        "",
        *(told_of(r) for r in of["hand"]),
    ]  # fmt: skip
    return lines


def told_of(row: Mapping[str, Any]) -> str:
    names = "; ".join(
        f"{one['level']} by {'+'.join(one['detectors'])} names {', '.join(one['codes']) or 'no code'}"
        for one in row["named"]
    )
    shown = ", ".join(shown_again(row))
    minutes = minutes_to_name(row)
    when = "" if minutes is None else f", last shown after {minutes:.1f} min"
    return f"- seed {row['seed']}, `{code_of(row)}`, {row['size']:.1%}, cleared by {row['cleared'].replace('_', ' ')}, {row['filter']}: {row['integrity']}{when}; {names or 'no finding'}; shown again: {shown or 'nothing'}; {row['presses']} presses, {row['minutes']} min in all; {row['why']}"  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=USUAL)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--fresh", action="store_true")
    given = parser.parse_args()
    results = run(
        "scale_key_search", jobs_of(given.n), given.fresh, workers=given.jobs, inspected=inspected, own=OWN, keep=True
    )
    if given.n >= USUAL:
        (ROOT / "docs" / "scale_key_search.md").write_text("\n".join(document(results)) + "\n", "utf-8")
    pairs = [r for r in results if r["kind"] == "pair"]
    hits = [r for r in pairs if found(r)]
    for row in pairs:
        if not found(row):
            print(told_of(row))
    wrong = [r for r in results if harmed(r)]
    silent = [r for r in results if r["kind"] == "password" and not (r["unreached"] and r["tried"])]
    accused = [r for r in results if r["kind"] in ("password", "excluded") and r["integrity"] in ACCUSED]
    for row in wrong:
        print(f"forbidden keys {' '.join(harmed(row))} pressed: {told_of(row)}")
    for row in silent:
        print(f"not said what was not reached: {told_of(row)}")
    for row in accused:
        print(f"found what the search cannot reach: {told_of(row)}")
    unfinished = sum(r["status"] != "complete" for r in results)
    low, high = interval(len(hits), len(pairs))
    print(
        f"{len(hits)} of {len(pairs)} codes found and named in {LIMIT_MIN:g} min ({low:.2f} to {high:.2f}), forbidden keys pressed in {len(wrong)} runs, {unfinished} not complete"
    )
    return 0 if len(hits) >= WANTED * len(pairs) and not (wrong or silent or accused or unfinished) else 1


if __name__ == "__main__":
    sys.exit(main())
