"""Bench files by path or built-in name, and the simulated world behind one."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

from fixtures.benchfile import BenchFile, load, parse
from fixtures.errors import BenchError, helped, unknown
from fixtures.language import mark
from fixtures.profile import SCALES, TAXI_FAMILY
from fixtures.scale_lines import weight_protocol

FAMILIES = ("dispenser",)
ERROR = "error_rel"  # key of [simulation]: the error that the simulated instrument was adjusted to, relative; drawn where it is not there
TAXI_KITS = {"K0": "ride", "K1": "raid", "K2": "K2", "K3": "bench"}  # of a bench file -> of the simulation


def built_in() -> list[str]:
    """Names of the bench files that come with shortmeasure, e.g. "dispenser-k3"."""
    return sorted(
        item.name.removesuffix(".toml") for item in files("fixtures.benches").iterdir() if item.name.endswith(".toml")
    )


def find(name: str) -> BenchFile:
    """The bench file at path `name`, or the built-in one of that name."""
    if name in built_in():
        return parse((files("fixtures.benches") / f"{name}.toml").read_text("utf-8"), f"built-in {name}")
    if not Path(name).exists():
        wrong = BenchError(f"{name}: expected a bench file or a built-in name; there are {', '.join(built_in())}")
        raise (
            unknown(wrong, name, built_in(), "shortmeasure bench list")
            if Path(name).suffix != ".toml"
            else helped(wrong, mark("check the path; `shortmeasure bench list` names the built-in ones"))
        )
    return load(Path(name))


def scenario(
    bench: BenchFile, cheat: str | None, seed: int, size: float | None = None, honest: tuple[str, ...] = ()
) -> Any:
    """The simulated inspection that a bench file with [simulation] describes.  `cheat` None = an honest trader.
    `honest`: effects at this site; what their papers declare is put into a bench file by `with_profile`.

    Raises UsageError for a cheat that is not built.
    """
    from fixtures.sim.build import BESIDE, SPOKEN
    from fixtures.sim.cheats import parse_cheat
    from fixtures.sim.scenario import Kit, Scenario

    if not bench.simulation:
        raise BenchError(
            f"{bench.where}: it has no [simulation]: this bench drives a real instrument, and --cheat or --seed mean nothing"
        )
    settings = {key: value for key, value in bench.simulation.items() if key != "model"}
    settings = {
        "calibration_error" if key == ERROR else key: float(value) if key in ("clock_error_ppm", "reading_error_rate", ERROR) else value
        for key, value in settings.items()
    }  # fmt: skip
    try:
        spec = None if cheat is None else parse_cheat(cheat, size)
    except (KeyError, ValueError) as error:
        raise _refused(bench, cheat, error) from None
    ports = {link.url.removeprefix("sim:") for link in bench.links.values()}
    beside = tuple(sorted(ports & set(BESIDE)))
    spoken = next((port for port in SPOKEN if port in ports), "dart")
    return Scenario(
        kit=cast(Kit, bench.kit), seed=seed, cheat=spec, honest=honest, instruments=beside, spoken=spoken, **settings
    )


def world(bench: BenchFile, cheat: str | None, seed: int, size: float | None = None) -> Any:
    """The simulated world behind a bench file.  At a site the cheat sits in one instrument: `ID@INSTRUMENT`, else in the
    first that somebody complained about, else in the first.

    Raises UsageError for a cheat that is not built, or an instrument that the site does not have.
    """
    from fixtures.sim.build import build
    from fixtures.sim.forecourt import Forecourt
    from harness.exits import UsageError

    if bench.family == "gas-dispenser":
        from fixtures.sim.gas.station import GasScenario, build_gas

        try:
            gas = GasScenario(scenario(bench, None, seed), cast(Any, str(bench.profile["medium"])), cheat, size)
            return build_gas(gas)
        except ValueError as error:
            raise _refused(bench, cheat, error) from None
    if bench.family == TAXI_FAMILY:
        return _taxi(bench, cheat, seed, size)
    if bench.family in SCALES:
        return _scale(bench, cheat, seed, size)
    if bench.site is None:
        return build(scenario(bench, cheat, seed, size))
    ids = [one.id for one in bench.site.instruments]
    named = next((one.id for one in bench.site.instruments if one.complaint), ids[0])
    what, _, where = (cheat or "").partition("@")
    where = where or named
    if where not in ids:
        raise UsageError(f"expected --cheat ID@INSTRUMENT with one of {', '.join(ids)}, got {where!r}")
    lanes = {}
    for number, one in enumerate(bench.site.instruments):
        mine = scenario(bench, what or None if one.id == where else None, seed * len(ids) + number, size)
        lanes[one.id] = replace(mine, unit_price=Decimal(str(one.profile.get("price", mine.unit_price))))
    return Forecourt(lanes, seed)


def _refused(bench: BenchFile, cheat: str | None, error: Exception) -> Exception:
    """What a model will not be: without a cheat it is the bench file that asks for it."""
    from harness.catalogue import load_catalogue
    from harness.exits import UsageError

    if cheat is None:
        return BenchError(f"{bench.where}: {error.args[0]}")
    return unknown(UsageError(str(error.args[0])), cheat, (one.id for one in load_catalogue()), "shortmeasure cheats")


def _scale(bench: BenchFile, cheat: str | None, seed: int, size: float | None) -> Any:
    """The simulated scale that a bench file describes: its line speaks what the bench listens for."""

    if not bench.simulation:
        raise BenchError(
            f"{bench.where}: it has no [simulation]: this bench drives a real instrument, and --cheat or --seed mean nothing"
        )
    line = bench.instruments.get(bench.stations.get("weight", ""))
    told: dict[str, Any] = {}
    if line is not None:
        weight_protocol(line.options, f"{bench.where}: instrument {line.name}")  # one that is broken is told as such
        told = {"protocol": str(line.options["protocol"]), "broadcast": line.driver == "scale-tap"}
    try:
        if bench.family == "truck-scale":
            from fixtures.sim.scale.truck.scenario import TruckScenario, parse_truck_cheat
            from fixtures.sim.scale.truck.station import build_truck

            spec = None if cheat is None else parse_truck_cheat(cheat, size)
            return build_truck(TruckScenario(kit=cast(Any, bench.kit), seed=seed, cheat=spec, **told))
        from fixtures.sim.scale.cheats import parse_scale_cheat
        from fixtures.sim.scale.scenario import ScaleScenario
        from fixtures.sim.scale.station import build_scale

        own = None if cheat is None else parse_scale_cheat(cheat, size)
        pairs = (pair.split("/") for pair in str(bench.profile["intervals"]).split())
        intervals = tuple((Decimal(most), Decimal(e)) for most, e in pairs)
        span = float(bench.simulation[ERROR]) if ERROR in bench.simulation else None
        return build_scale(
            ScaleScenario(kit=cast(Any, bench.kit), seed=seed, cheat=own, intervals=intervals, span=span, **told)
        )
    except (KeyError, ValueError) as error:
        raise _refused(bench, cheat, error) from None


def _taxi(bench: BenchFile, cheat: str | None, seed: int, size: float | None) -> Any:
    """The simulated taxi that a bench file describes: car, sensor and meter are as its papers say."""
    from fixtures.sim.taxi.cheats import parse_taxi_cheat
    from fixtures.sim.taxi.scenario import TaxiScenario
    from fixtures.sim.taxi.station import build_taxi

    if not bench.simulation:
        raise BenchError(
            f"{bench.where}: it has no [simulation]: this bench drives a real instrument, and --cheat or --seed mean nothing"
        )
    said, told = bench.profile, dict[str, Any]()
    if "sensor_class" in said:
        told["sensor_class"] = str(said["sensor_class"])
    if "magnets" in said:
        told["magnets"] = int(str(said["magnets"]))
    if "tariff" in said:
        told["tariff"] = str(said["tariff"])
    if "pulses_per_km" in said:
        told["pulses_per_km"] = int(str(said["pulses_per_km"]))
    if ERROR in bench.simulation and TAXI_KITS[bench.kit] == "bench":  # a meter alone errs by its own K
        told["pulses_per_km"] = round(
            float(str(said.get("pulses_per_km", "1000"))) / (1 + float(bench.simulation[ERROR]))
        )
    elif ERROR in bench.simulation:
        told["k_error"] = float(bench.simulation[ERROR])
    try:
        spec = None if cheat is None else parse_taxi_cheat(cheat, size)
        resolution = Decimal(str(said["distance_resolution_km"]))
        kit = TAXI_KITS[bench.kit]
        return build_taxi(
            TaxiScenario(kit=cast(Any, kit), seed=seed, cheat=spec, distance_resolution_km=resolution, **told)
        )
    except (KeyError, ValueError) as error:
        raise _refused(bench, cheat, error) from None


def draw_seed(bench: BenchFile, seed: int) -> str:
    """What the draw of a simulated survey follows from: the same for the same `seed`, so that runs repeat."""
    return hashlib.sha256(f"draw {bench.name} {seed}".encode()).hexdigest()[:32]


def with_profile(bench: BenchFile, stated: Mapping[str, object]) -> BenchFile:
    """The same bench with `stated` in its [profile]: what the papers of another instrument declare; a key that is None
    is left out."""
    kept = [line for line in bench.text.splitlines() if line.split(" = ")[0] not in stated]
    at = kept.index("[profile]") + 1
    kept[at:at] = [f"{key} = {json.dumps(value)}" for key, value in stated.items() if value is not None]
    return parse("\n".join(kept) + "\n", bench.where) if stated else bench


def on_ports(bench: BenchFile, ports: dict[str, str]) -> BenchFile:
    """The same bench with its sim: links on real ports (simulated port name -> device)."""
    text = bench.text
    for name, device in ports.items():
        text = text.replace(f'url = "sim:{name}"', f'url = "serial:{device}"')
    return parse(text, f"{bench.where} on pseudo-terminals")


def with_answers(bench: BenchFile, url: str) -> BenchFile:
    """The same bench with its people's lines on `url`: a file answers instead of them.

    Raises BenchError where nobody is asked, or the file does not write a line as a table of its own.
    """
    people = {name: one for name, one in bench.instruments.items() if one.driver == "operator"}
    asked = {f"links.{link}" for one in people.values() for link in one.links.values()}
    tables, kept = "", []
    for line in bench.text.split("\n"):
        if head := re.match(r"\s*\[+([^\]]+)\]", line):
            tables = head[1].strip()
        if tables in asked and re.match(r"\s*url\s*=", line):
            line = f"url = {json.dumps(url)}"
        if tables.removeprefix("instruments.") in people and re.match(r"\s*console\s*=", line):
            continue
        kept.append(line)
    found = parse("\n".join(kept), bench.where)
    if not asked or any(found.links[link.removeprefix("links.")].url != url for link in asked):
        raise BenchError(
            f"{bench.where}: expected an operator whose line is a table [links.NAME] with its url in a line"
        )
    return found
