"""`lab score|mean|lot|records`: what a laboratory computes from figures, from a CSV of them, or from cases."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.output import emit

if TYPE_CHECKING:
    from harness.metrology.batch import Verified
    from harness.metrology.records import Finding

app = typer.Typer(help="Comparison of results, means of batches, prepackages, records.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="one JSON document on stdout")]
ALPHA = 1e-3  # over all tests of one screening of records
File = Annotated[Path, typer.Argument(help="a CSV file with a header, UTF-8, decimal point")]


@app.command("score")
def score(
    cases: Annotated[list[Path] | None, typer.Argument(help="two case folders: one, and the one to hold it against; in place of the figures")] = None,
    x: Annotated[float | None, typer.Option("--x", help="the result")] = None,
    u: Annotated[float | None, typer.Option("--u", help="its standard uncertainty")] = None,
    reference: Annotated[float | None, typer.Option("--reference", help="the other result, or the assigned value")] = None,
    u_reference: Annotated[float | None, typer.Option("--u-reference", help="its standard uncertainty")] = None,
    spread: Annotated[float, typer.Option("--spread", help="standard deviation for the comparison; without it no z")] = 0.0,
    k: Annotated[float, typer.Option("--k", help="coverage factor of both expanded uncertainties; results of a protocol state their own")] = 2.0,
    as_json: Json = False,
) -> int:  # fmt: skip
    """En, zeta and z of two results of the same thing, or of each result that two cases have in common.  Exit 20 where one of them asks for
    action: two benches that differ so measure different things."""
    from harness.exits import UsageError

    figures = {"--x": x, "--u": u, "--reference": reference, "--u-reference": u_reference}
    given = [name for name, value in figures.items() if value is not None]
    if cases:
        if given or len(cases) != 2:
            got = ", ".join([*map(str, cases), *given])
            raise UsageError(f"expected two case folders and no figures, got {got}; lab score CASE REFERENCE_CASE")
        return _score_cases(cases[0], cases[1], spread, k, as_json)
    if x is None or u is None or reference is None or u_reference is None:
        lacking = ", ".join(name for name in figures if name not in given)
        raise UsageError(f"expected two case folders, or the figures of two results, got none for {lacking}")
    return _score_figures(x, u, reference, u_reference, spread, k, as_json)


def _score_figures(
    x: float, u: float, reference: float, u_reference: float, spread: float, k: float, as_json: bool
) -> int:
    from fixtures.language import tell
    from harness.exits import Exit
    from harness.metrology.comparison import Standing, en, z, zeta
    from harness.report.between import STANDINGS

    found = [en(x, k * u, reference, k * u_reference), zeta(x, u, reference, u_reference)]
    found += [z(x, reference, spread)] if spread else []
    lines = [f"{one.name:<5} {one.value:+.2f}  {tell(STANDINGS[one.standing])}" for one in found]
    rows = [{"name": one.name, "value": one.value, "standing": one.standing.value} for one in found]
    emit("lab-score", {"scores": rows}, "\n".join(lines), as_json)
    return Exit.INCONCLUSIVE if any(one.standing is Standing.ACTION for one in found) else Exit.OK


def _score_cases(own: Path, reference: Path, spread: float, k: float, as_json: bool) -> int:
    from captures.case import Case
    from harness.acceptance.between import between
    from harness.exits import Exit, UsageError, printable
    from harness.judging import judge_path
    from harness.metrology.comparison import Standing
    from harness.report.between import between_document, between_text

    if own.resolve() == reference.resolve():
        raise UsageError(f"expected two cases, got {own} twice")
    for path in (own, reference):
        Case.open(path)  # a capture file can be judged as well, and has no edition of its own
    found = between(judge_path(own), judge_path(reference), spread, k)
    names = str(own), str(reference)
    emit("lab-score-cases", between_document(found, names), printable(between_text(found, names)), as_json)
    return Exit.INCONCLUSIVE if any(row.standing is Standing.ACTION for row in found.rows) else Exit.OK


@app.command("mean")
def mean(
    paths: Annotated[list[Path], typer.Argument(help="a CSV file with a header, UTF-8, decimal point; or case folders, each of one instrument or a site")],
    station: Annotated[str, typer.Option("--station", help="column with the station or owner")] = "station",
    error: Annotated[str, typer.Option("--error", help="column with the error, positive when it favours the owner")] = "error",
    stations: Annotated[Path | None, typer.Option("--stations", help="of cases: a CSV file with the columns case (name of its folder) and station")] = None,
    station_of: Annotated[str, typer.Option("--station-of", help="of cases: the question whose answer names the station, e.g. legal_basis")] = "",
    each: Annotated[bool, typer.Option("--each-a-station", help="of cases: count every case as a station of its own, because they are")] = False,
    u_common: Annotated[float | None, typer.Option("--u-common", help="standard uncertainty that all errors share, that of one standard; of cases else what their protocols tell")] = None,
    alpha: Annotated[float, typer.Option("--alpha", help="chance that an honest region is told to favour its owners")] = 0.001,
    as_json: Json = False,
) -> int:  # fmt: skip
    """Whether the mean error of many instruments (dispensers, electricity, water, gas, heat) favours their owners.  One-sided; the station
    is the sampling unit.  Exit 10 where it does."""
    from harness.exits import UsageError
    from harness.imported import is_case
    from harness.metrology.batch import Verified
    from harness.metrology.columns import columns

    asked = [name for name, is_set in (("--stations", stations), ("--station-of", station_of), ("--each-a-station", each)) if is_set]  # fmt: skip
    if len(asked) > 1:
        raise UsageError(f"expected one way to know the station of a case, got {', '.join(asked)}")
    if all(map(is_case, paths)):
        return _mean_of_cases(paths, stations, station_of, each, u_common, alpha, as_json)
    if len(paths) != 1 or asked:
        got = ", ".join([*map(str, paths), *asked])
        raise UsageError(f"expected one CSV file with its columns, or case folders alone, got {got}")
    own = columns(paths[0], (station, error), (station,))
    records = [Verified(a, float(b)) for a, b in zip(own[station], own[error], strict=True)]
    return _tell_mean(records, alpha, u_common or 0.0, {}, [], as_json)


def _mean_of_cases(
    paths: list[Path], file: Path | None, key: str, each: bool, u_common: float | None, alpha: float, as_json: bool
) -> int:
    from fixtures.language import mark, translate
    from harness.acceptance.region import Stations, common, rows
    from harness.metrology.batch import Verified
    from harness.metrology.columns import columns
    from harness.metrology.errors import MetrologyError

    named: dict[str, str] = {}
    if file is not None:
        own = columns(file, ("case", "station"), ("case", "station"))
        named = dict(zip(own["case"], own["station"], strict=True))
        if len(named) != len(own["case"]):
            raise MetrologyError(f"{file.name}: expected one row a case, got a case twice")
    found = rows(paths, Stations(key, named, each))
    shared = common(found) if u_common is None else u_common
    lines = [] if shared is not None else [
        translate(mark("! what the errors share is not told by these cases and is taken for nothing: state the uncertainty of the standard with --u-common"))
    ]  # fmt: skip
    records = [Verified(row.station, row.error) for row in found]
    rest = {"family": found[0].family, "unit": found[0].unit, "common_known": shared is not None, "rows": [asdict(row) for row in found]}  # fmt: skip
    return _tell_mean(records, alpha, shared or 0.0, rest, lines, as_json)


def _tell_mean(
    records: list[Verified], alpha: float, common: float, rest: dict[str, Any], before: list[str], as_json: bool
) -> int:
    from fixtures.language import mark, translate
    from harness.exits import Exit
    from harness.metrology.batch import above_zero
    from harness.report.document import plain

    found = above_zero(records, alpha, common)
    told = (
        mark("the mean favours the owners") if found.above_zero else mark("not shown that the mean favours the owners")
    )
    lines = [
        *before,
        translate(mark("instruments: {n}, stations: {m}"), n=found.instruments, m=found.stations),
        translate(mark("mean of the stations' means {mean:+.4g}, standard uncertainty {u:.2g}; with {level} at least {low:+.4g}"),
                  mean=found.mean, u=found.u, level=f"{100 * (1 - alpha):g} %", low=found.low),
        *([translate(mark("standard uncertainty that all errors share: {common:.2g}"), common=common)] if common else []),
        translate(mark("p = {p:.2g} for a mean of at most zero (t over stations), {sign:.2g} by signs; instruments that favour the owner: {share}"),
                  p=found.p, sign=found.sign_p, share=f"{100 * found.favouring:.1f} %"),
        translate(mark("standard deviation between stations {a:.2g}, within one {b:.2g}"), a=found.between, b=found.within),
        translate(told),
    ]  # fmt: skip
    emit("lab-mean", {**plain(asdict(found)), "above_zero": found.above_zero, **rest}, "\n".join(lines), as_json)
    return Exit.NON_CONFORMING if found.above_zero else Exit.OK


@app.command("lot")
def lot(
    file: File,
    nominal: Annotated[str, typer.Option("--nominal", help="nominal quantity, g or mL")],
    size: Annotated[int, typer.Option("--lot", help="packages in the inspection lot")],
    content: Annotated[str, typer.Option("--content", help="column with the actual content")] = "content",
    as_json: Json = False,
) -> int:
    """A lot of prepackages: mean, and packages that are short by too much.  Exit 10 where it is not accepted."""
    from fixtures.language import mark, translate
    from harness.commands.tariffs import number_of
    from harness.exits import Exit
    from harness.metrology.columns import columns, decimals
    from harness.metrology.prepackage import judge, load_rules

    rules, quantity = load_rules(), number_of(nominal, "--nominal")
    found = judge(decimals(columns(file, (content,))[content]), quantity, size, rules)
    standing = translate(mark("unverified")) if not rules.verified else translate(mark("verified"))
    told = mark("accepted") if found.accepted else mark("not accepted")
    lines = [
        translate(mark("mean {mean:.2f}, at least {least:.2f} asked (nominal - {k:.3f} s, s = {s:.3g}, n = {n})"),
                  mean=found.mean, least=found.least, k=found.factor, s=found.s, n=found.n),
        translate(mark("short by more than T = {t}: {short}, permitted {most}; by more than 2 T: {far}, permitted none"),
                  t=rules.tolerable(quantity), short=found.short, most=found.permitted, far=found.far),
        translate(told),
        f"{rules.title} [{rules.grade}, {standing}] {rules.source}",
    ]  # fmt: skip
    document = {
        **asdict(found),
        "accepted": found.accepted,
        "rules": rules.id,
        "verified": rules.verified,
        "grade": rules.grade,
    }
    emit("lab-lot", document, "\n".join(lines), as_json)
    return Exit.OK if found.accepted else Exit.NON_CONFORMING


@app.command("records")
def records(
    file: File,
    error: Annotated[str, typer.Option("--error", help="column with the error of each run")] = "error",
    instrument: Annotated[str, typer.Option("--instrument", help="column that tells runs of one instrument at one flow or load")] = "instrument",
    resolution: Annotated[float, typer.Option("--resolution", help="step in which errors are recorded")] = 0.0,
    limit: Annotated[float, typer.Option("--limit", help="maximum permissible error, in the unit of the errors; without it no heaping")] = 0.0,
    repeatability: Annotated[float, typer.Option("--repeatability", help="standard deviation of runs that no such instrument is better than; without it runs are not compared")] = 0.0,
    as_json: Json = False,
) -> int:  # fmt: skip
    """Whether records look written rather than measured: a screening, which says nothing of a person.  Exit 20 where something stands out
    at one in a thousand over all tests made."""
    from collections import defaultdict

    from fixtures.language import mark, tell, translate
    from harness.exits import Exit, UsageError
    from harness.metrology.columns import columns
    from harness.metrology.records import heaping, identical, terminal_digits, too_alike

    if resolution <= 0:
        raise UsageError(f"expected --resolution above 0, got {resolution:g}: the step in which errors are recorded")
    own = columns(file, (instrument, error), (instrument,))
    errors, runs = [float(one) for one in own[error]], defaultdict[str, list[float]](list)
    for name, value in zip(own[instrument], errors, strict=True):
        runs[name].append(value)
    found: list[Finding] = [terminal_digits([round(one / resolution) for one in errors])]
    if limit > 0:
        found.append(heaping(errors, limit, limit / 10))
    if repeatability > 0:
        found.append(too_alike(list(runs.values()), repeatability))
        steps = [[round(one / resolution) for one in group] for group in runs.values()]
        found.append(identical(steps, repeatability / resolution))
    made = [one for one in found if not one.reason]
    out = [one for one in made if one.p < ALPHA / len(made)]
    texts = {
        "terminal-digits": mark("last digits"), "heaping": mark("errors just inside the limit"), "too-alike": mark("scatter of runs"),
        "identical-runs": mark("runs that are all the same"),
    }  # fmt: skip
    lines, aside = [], tell(mark("stands out; else it may be"))
    for one in found:
        said = tell(one.reason) if one.reason else f"p = {one.p:.2g}, n = {one.n}"
        lines.append(f"{tell(texts[one.test])}: {said}" + (f"; {aside}: {tell(one.honest)}" if one in out else ""))
    lines.append(translate(mark("A screening of records: it says what to look at, and nothing of a person.")))
    emit(
        "lab-records",
        {"tests": [asdict(one) for one in found], "stand_out": [one.test for one in out]},
        "\n".join(lines),
        as_json,
    )
    return Exit.INCONCLUSIVE if out or not made else Exit.OK
