"""What a case says of its own making, and what it must not say."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from captures.journal import read_lines
from fixtures.benchfile import BenchFile, parse
from fixtures.plugins import Plugin
from harness import inspection, provenance, software
from harness.benches import find, world
from harness.exits import UsageError, run_app
from harness.provenance import Told, impersonal, told
from harness.report.site import site_text
from harness.report.text import CONDITIONAL
from harness.standards import OverdueError
from harness.worlds import pseudo_terminals, world_of

TODAY = date(2026, 11, 21)


def prover(due: str) -> BenchFile:
    text = find("dispenser-k0-prover").text
    return parse(text.replace("drip_s = ", f'certificate = "V-17"\ndue = {due}\ndrip_s = '), "bench.toml")


def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the first steps of the raid: what is asked here stands before them."""
    from harness.runner import find_plan as full

    def cut(name: str) -> Any:
        plan = full(name)

        def steps(can: Any) -> Any:
            generator = plan.steps(can)
            step = next(generator)
            for _ in range(2):
                step = generator.send((yield step))

        return replace(plan, steps=steps)

    monkeypatch.setattr(inspection, "find_plan", cut)
    monkeypatch.setattr("harness.runner.check_order", lambda steps: None)


def ran(case: Path, bench: BenchFile, said: Told, cheat: str | None = None) -> inspection.Inspection:
    return inspection.inspect("dispenser-raid", bench, case, world=world(bench, cheat, 1), told=said)


def bodies(case: Path, kind: str) -> list[Mapping[str, Any]]:
    return [line.body for line in read_lines(case / "data" / "journal") if line.body["kind"] == kind]


def test_the_header_names_software_method_limits_and_standards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short(monkeypatch)
    bench = prover("2027-01-31")
    said = told([], "4711", "a" * 64, [], ["temperature_c=23.4@THERMO 17"])
    ran(tmp_path / "case", bench, replace(said, today=TODAY))
    (header,) = bodies(tmp_path / "case", "header")
    assert header["world"] == "simulated"
    assert header["nonce"] == "4711"
    assert header["after"] == "a" * 64
    (air,) = bodies(tmp_path / "case", "environment")
    assert (air["quantity"], air["value"], air["sensor"]) == ("temperature_c", "23.4", "THERMO 17")
    assert header["bench_sha256"] == hashlib.sha256(bench.text.encode()).hexdigest()
    assert header["software"]["files_sha256"] == software.software()["files_sha256"]
    assert {"numpy", "scipy", "pyserial", "typer"} <= set(header["dependencies"])
    by_name = {(one["group"], one["name"]): one for one in header["plugins"]}
    own = Path(inspection.__file__).parent / "judge" / "laws" / "amount.py"
    assert by_name["detectors", "amount-law"]["sha256"] == hashlib.sha256(own.read_bytes()).hexdigest()
    assert header["limits"]["edition"] == "jjg443-2023"
    assert header["limits"]["verified"]["mpe"] is False
    toml = Path(inspection.__file__).parents[1] / "protocols" / "acceptance" / "jjg443_2023.toml"
    assert header["limits"]["sha256"] == hashlib.sha256(toml.read_bytes()).hexdigest()
    for name, detector in header["detectors"].items():
        known = header["validations"].get(f"{name}/{detector['version']}")
        assert known is None or known["cap"] == pytest.approx(known["n_null"] / (3 + 2 * known["false_hits"]))
    assert "amount-law/2" in header["validations"]
    assert header["thresholds"]["alpha"] == header["alpha"]
    assert header["standards"] == [
        {
            "name": "reference", "of": "reference", "certificate": "V-17", "value": "20", "u": "2.5",
            "unit": "L, u in mL", "due": "2027-01-31",
        }
    ]  # fmt: skip
    assert bodies(tmp_path / "case", "provenance") == []  # virtual time


def test_equal_seeds_give_equal_bytes_whatever_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short(monkeypatch)
    texts = []
    for name in ("one", "two"):
        ran(tmp_path / name, prover("2027-01-31"), Told(argv=(name,), today=TODAY), "fuel.C09")
        texts.append(b"".join(p.read_bytes() for p in sorted((tmp_path / name / "data" / "journal").iterdir())))
    assert texts[0] == texts[1]
    assert b"fuel.C09" not in texts[0]


def test_an_overdue_standard_stops_the_run_before_anything_is_made(tmp_path: Path) -> None:
    expected = r"standard reference, certificate V-17: expected a due day not before 2026-11-21 \(UTC\), got 2026-11-20"
    with pytest.raises(OverdueError, match=expected):
        ran(tmp_path / "case", prover("2026-11-20"), Told(today=TODAY))
    assert not (tmp_path / "case").exists()


def test_an_override_is_journalled_and_limits_the_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.report.text import verdict_text

    short(monkeypatch)
    said = Told(overrides={"reference": "recalibration booked, station closes tomorrow"}, today=TODAY)
    document = dict(ran(tmp_path / "case", prover("2026-11-20"), said).document)
    (override,) = bodies(tmp_path / "case", "override")
    assert override["standard"] == "reference"
    assert override["why"] == "recalibration booked, station closes tomorrow"
    (limit,) = document["limitations"]
    assert "certificate V-17, due 2026-11-20, used on 2026-11-21 (UTC)" in limit
    assert f"note: {limit}" in verdict_text(document)
    assert document["standards"][0]["certificate"] == "V-17"


def test_a_site_says_it_of_every_instrument(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        find("site-k0").text
        + '\n[standards.scale]\nof = "reference"\ncertificate = "M-1"\nu = "0.001"\nunit = "kg"\ndue = 2026-01-31\n'
    )
    bench, said = parse(text, "bench.toml"), Told(overrides={"scale": "on purpose"}, today=TODAY)
    done = inspection.inspect(
        "site-survey", bench, tmp_path / "case", world=world(bench, None, 1), told=said, draw_seed="0" * 32
    )
    (limit,) = done.document["limitations"]
    assert "standard scale, certificate M-1, due 2026-01-31" in limit
    assert len(done.document["instruments"]) >= 2
    assert all(limit in one["notes"] for one in done.document["instruments"])
    text = site_text(done.document)
    (mean,) = [i for i, line in enumerate(text.splitlines()) if line.startswith("  all measured")]
    assert CONDITIONAL in "\n".join(text.splitlines()[mean : mean + 3])
    assert text.index("A STANDARD PAST ITS DUE DAY WAS USED") < text.index("integrity ")


def test_a_reason_without_need_is_refused(tmp_path: Path) -> None:
    for name in ("reference", "prover"):
        with pytest.raises(UsageError, match=f"{name}: expected an overdue standard of bench.toml, there are none"):
            ran(tmp_path / "case", prover("2027-01-31"), Told(overrides={name: "always"}, today=TODAY))


def test_what_was_not_stated_is_said_and_not_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short(monkeypatch)
    bench = find("dispenser-k0-prover")
    document = ran(tmp_path / "stated", bench, Told()).document
    assert "standard reference: no certificate and no due day declared" in document["notes"]
    assert document["limitations"] == []
    assert "the bench was simulated: this is said of a model, not of an instrument" in document["notes"]
    weighed = ran(tmp_path / "weighed", find("dispenser-k0-balance"), Told()).document
    assert "standard balance: no certificate, uncertainty and due day declared" in weighed["notes"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"nonce": "\x1b[2J"}, "--nonce expected"),
        ({"nonce": "1" * 201}, "--nonce expected"),
        ({"after": "A" * 64}, "64 hex digits"),
        ({"override_standard": ["prover"]}, "NAME=REASON"),
        ({"override_standard": ["prover= "]}, "NAME=REASON"),
        ({"override_standard": ["a=b", "a=c"]}, "expected once"),
        ({"environment": ["temperature_c=23.4"]}, "NAME=VALUE@SENSOR"),
        ({"environment": ["temperature_c=２３@x"]}, "NAME=VALUE@SENSOR"),
        ({"environment": ["temperature_c=1e3@x"]}, "NAME=VALUE@SENSOR"),
        ({"environment": ["humidity_percent=101@x"]}, "NAME=VALUE@SENSOR"),
        ({"environment": ["wind=3@x"]}, "NAME=VALUE@SENSOR"),
    ],
)
def test_options_that_mean_nothing(options: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {
        "argv": [],
        "nonce": "",
        "after": "",
        "override_standard": [],
        "environment": [],
        **options,
    }
    with pytest.raises(UsageError, match=message):
        told(**given)


def test_the_command_line_refuses_and_overrides(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from harness.commands import build_app

    short(monkeypatch)
    file = tmp_path / "bench.toml"
    file.write_text(prover("2024-02-29").text, "utf-8")
    base = ["run", "dispenser-raid", "--bench", str(file), "--case"]
    assert run_app(build_app(), [*base, str(tmp_path / "no")], {}) == 41
    assert "standard reference, certificate V-17" in capfd.readouterr().err
    run_app(build_app(), [*base, str(tmp_path / "yes"), "--override-standard", "reference=on purpose", "--json"], {})
    document = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert "on purpose" in document["limitations"][0]


def test_the_digest_is_that_of_sha256sum(tmp_path: Path) -> None:
    for name in ("b/two.py", "b/一.toml", "a.py", "b/__pycache__/two.pyc", "b/old.pyc"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(name, "utf-8")
    digest, count = software.tree_digest(tmp_path, ("b", "a.py"))
    assert count == 3
    printed = subprocess.run(
        ["sha256sum", "a.py", "b/two.py", "b/一.toml"], cwd=tmp_path, capture_output=True, check=True
    ).stdout
    assert digest == hashlib.sha256(printed).hexdigest()
    (tmp_path / "b" / "two.py").write_text("changed")
    assert software.tree_digest(tmp_path, ("b", "a.py"))[0] != digest


def test_commit_and_changes_of_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*arguments: str) -> str:
        who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        done = subprocess.run(["git", *who, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    for name in software.PACKAGES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.py").write_text("1")
    (tmp_path / "cli.py").write_text("1")
    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "x")
    monkeypatch.setattr(software, "HOME", tmp_path)
    assert software._checkout() == (git("rev-parse", "HEAD"), False)
    (tmp_path / "notes.txt").write_text("beside the packages: no change of the tool")
    assert software._checkout()[1] is False
    (tmp_path / "harness" / "new.py").write_text("2")
    assert software._checkout()[1] is True
    monkeypatch.setenv("PATH", "")
    assert software._checkout() == (None, None)  # no git: unknown, and said so


def test_a_strangers_plugin_is_hashed_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "stranger_plugin"
    package.mkdir()
    (package / "__init__.py").write_text("SPEC = 1\n")
    (package / "helper.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    plugin = Plugin("detectors", "odd", "stranger_plugin:SPEC", "stranger", None, "ImportError: no")
    before = software._plugin(plugin)
    assert before["broken"] == "ImportError: no"
    assert before["version"] is None
    assert before["package_sha256"] == software.tree_digest(tmp_path, ("stranger_plugin",))[0]
    (package / "helper.py").write_text("x = 2\n")
    assert software._plugin(plugin)["package_sha256"] != before["package_sha256"]
    gone = Plugin("detectors", "gone", "no_such_module_here:SPEC", "stranger", None, "ModuleNotFoundError")
    assert software._plugin(gone)["package_sha256"] is None


def test_no_name_of_the_user_or_the_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os.path, "expanduser", lambda path: "/home/wang")
    monkeypatch.setattr(provenance.getpass, "getuser", lambda: "wang")
    line = ["run", "x", "--bench", "/home/wang/b.toml", "--case", "/media/wang/USB/c", "wangfujing"]
    assert impersonal(line) == ["run", "x", "--bench", "~/b.toml", "--case", "/media/USER/USB/c", "wangfujing"]
    assert impersonal(["x" * 5000]) == ["x" * provenance.LONGEST_ARGUMENT]
    import platform

    assert platform.node() not in json.dumps(provenance.host())


def test_in_real_time_the_hour_is_recorded_too(tmp_path: Path) -> None:
    from fixtures.clock import RealClock
    from fixtures.recorder import Recorder

    text = find("dispenser-k0-prover").text.replace('url = "sim:operator"', 'url = "console:"')
    recorder = Recorder.create(tmp_path, RealClock(), {})
    said = Told(argv=("run", "--case", os.path.expanduser("~/c")), today=TODAY)
    provenance.record(recorder, parse(text, "bench.toml"), said, (), {"free_bytes": 5})
    recorder.close("complete")
    (entry,) = [line.body for line in read_lines(tmp_path) if line.body["kind"] == "provenance"]
    assert entry["argv"] == ["run", "--case", "~/c"]
    assert entry["free_bytes"] == 5
    assert entry["pseudo_terminals"] == []
    assert entry["wall"]["utc"].endswith("+00:00")
    assert entry["wall"]["synchronised"] in (True, False, None)
    assert entry["wall"]["how"]


def test_what_is_at_the_far_end(tmp_path: Path) -> None:
    from fixtures.posix import open_pty_pair

    simulated = find("dispenser-k1")
    assert world_of(simulated) == "simulated"
    pair = open_pty_pair()
    try:
        text = simulated.text
        for name, link in simulated.links.items():
            text = text.replace(link.url, f"serial:{pair.path}" if name == "operator" else "serial:/dev/null")
        real = parse(text, "bench.toml")
        assert world_of(real) == "real"
        assert pseudo_terminals(real) == ["operator"]
    finally:
        pair.close()


@pytest.mark.parametrize(("due", "reason"), [("2026-11-20", "复检已预约"), ("", "")])
def test_what_limits_is_said_in_both_languages(monkeypatch: pytest.MonkeyPatch, due: str, reason: str) -> None:
    from fixtures.standards import Standard
    from harness.report.wording import said
    from harness.standards import Override

    standard = Standard("can-1", "reference", "V; 17", "20", "2.5", "L", due or "2026-01-01")
    what = Override(standard, TODAY, reason).what
    texts = [
        f"overdue standard used: {what}; reason on record: {reason or '; x'}",
        f"overdue standard used and not overridden on record: {what}",
        *(f"standard can-1: no {lack} declared" for lack in ("certificate", "due day", "certificate and no due day")),
        "standard can-1: no certificate, uncertainty and due day declared",
    ]
    for text in texts:
        monkeypatch.setenv("SHORTMEASURE_LANG", "en")
        assert said(text) == text
        monkeypatch.setenv("SHORTMEASURE_LANG", "zh")
        assert "标准器" in said(text)
        assert not {"standard", "overdue", "certificate", "declared"} & set(said(text).replace("：", " ").split())
