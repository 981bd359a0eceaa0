"""The kit for strangers: a plugin begun by the command, filled in by the tutorial, and faults put into it on purpose."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from fixtures.package_digest import tree_digest
from fixtures.plugins import Plugin, plugins
from harness.beginnings import begin, kinds
from harness.commands import plugin as command
from harness.exits import UsageError
from harness.plugin_folder import plugins_in
from harness.testing import Broken, check_crossed
from harness.testing.conformance import Sheet, sheet
from protocols.acceptance import parse
from protocols.lines import Deaf
from tests.tutorial import PLUGIN, write

PACKAGE = "shortmeasure_nci_ecr"
ROOT = Path(__file__).parents[2]
LCUS = ROOT / "protocols" / "wire" / "lcus"


@pytest.fixture(autouse=True)
def _imports_as_before() -> Iterator[None]:
    """A plugin of a folder is imported from there: nothing of it may stay."""
    path, before = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - before:
        if name.partition(".")[0].startswith(("shortmeasure_", "stranger")):
            del sys.modules[name]


@dataclass(frozen=True)
class Fault:
    """`old` becomes `new` in `file` of the tutorial's plugin; `check` fails and says something like `said`."""

    file: str
    old: str
    new: str
    check: str
    said: str


FAULTS = {
    "a decimal is cut off": Fault("codec.py", "[0-9]{{1,4}})(?P<unit>", "[0-9]{{1,3}})(?P<unit>", "messages there and back", r"expected a message that device sends"),
    "another letter is decoded": Fault("codec.py", 'return Weight(found["value"], found["unit"], status)', 'return Weight(found["value"], found["unit"].upper(), status)', "messages there and back", r"lb"),
    "garbage is swallowed": Fault("codec.py", "    return LineDecoder(read_answer, LONGEST, SILENCE_CHARS, ANSWER_END)", "    return Swallows(read_answer, LONGEST, SILENCE_CHARS, ANSWER_END)\n\n\nclass Swallows(LineDecoder):\n    def feed(self, data):\n        return [m for m in super().feed(data) if not isinstance(m, Garbage)]", "hostile bytes, bounded memory", r"account for"),
    "state is kept between frames": Fault("codec.py", "    return LineDecoder(read_answer, LONGEST, SILENCE_CHARS, ANSWER_END)", "    return Keeps(read_answer, LONGEST, SILENCE_CHARS, ANSWER_END)\n\n\nclass Keeps(LineDecoder):\n    unit = ''\n\n    def feed(self, data):\n        told = super().feed(data)\n        for k, m in enumerate(told):\n            if isinstance(m, Weight):\n                self.unit = self.unit or m.unit\n                told[k] = Weight(m.value, self.unit, m.status)\n        return told", "frames stand for themselves", r"keeps nothing of a frame that is over"),
    "two decoders share a buffer": Fault("codec.py", "    return LineDecoder(read_answer, LONGEST, SILENCE_CHARS, ANSWER_END)", "    return _ONE\n\n\n_ONE = LineDecoder(read_answer, LONGEST, SILENCE_CHARS, ANSWER_END)", "frames stand for themselves", r"share nothing"),
    "the buffer has no bound": Fault("codec.py", "    return LineDecoder(read_answer, LONGEST, SILENCE_CHARS, ANSWER_END)", "    return LineDecoder(read_answer, 10**9, SILENCE_CHARS, ANSWER_END)", "hostile bytes, bounded memory", r"hold at most \d+ bytes"),
    "reads are taken for frames": Fault("codec.py", "    return LineDecoder(read_answer, LONGEST, SILENCE_CHARS, ANSWER_END)", "    return Reads()\n\n\nclass Reads:\n    def feed(self, data):\n        return [read_answer(data)] if data else []\n\n    def silence(self, char_times):\n        return []\n\n    def close(self):\n        return []", "however reads are cut", r"read as \["),
    "it blocks": Fault("codec.py", '    letter = raw[:-1].decode("ascii", "replace")', '    __import__("threading").Event().wait()\n    letter = ""', "messages there and back", r"expected to come back within 1 s, got nothing: it blocks or loops at .*threading\.py"),
    "it sleeps": Fault("codec.py", "import re\n", "import re\nimport time\n", "no clock, thread or port", r"waiting and retries are the driver's; got 'import time'"),
    "a unit slips": Fault("messages.py", "self.unit.lower()", '"g"', "questions and answers over a cable", r"expected the line to say the same weight \(unit, decimals, sign\); got '0\.000|got '1\.235 g'"),
    "a decimal point slips": Fault("messages.py", "Decimal(self.value)", "Decimal(self.value) / 10", "questions and answers over a cable", r"same weight.*got '0\.1235 kg'"),
    "a sign is lost": Fault("__init__.py", "below = reading.underload or (reading.weight is not None and reading.weight < 0)", "below = False\n    if reading.weight is not None and reading.weight < 0:\n        reading = Indication(-reading.weight, 'kg', stable=True, zero=False)", "questions and answers over a cable", r"shows -0\.100 kg"),
    "motion is not told": Fault("__init__.py", " or not reading.stable:", ":", "questions and answers over a cable", r"stable expected False"),
    "figures are floats": Fault("messages.py", "Decimal(self.value)", "float(self.value)", "figures are exact", r"no float"),
    "what stands below is lost on close": Fault("codec.py", "    return LineDecoder(read_answer, LONGEST, SILENCE_CHARS, ANSWER_END)", "    return Forgets(read_answer, LONGEST, SILENCE_CHARS, ANSWER_END)\n\n\nclass Forgets(LineDecoder):\n    def close(self):\n        super().close()\n        return []", "silence and close", r"expected every byte to come out"),
    "an end is told twice": Fault("codec.py", "    return LineDecoder(read_answer, LONGEST, SILENCE_CHARS, ANSWER_END)", "    return Again(read_answer, LONGEST, SILENCE_CHARS, ANSWER_END)\n\n\nclass Again(LineDecoder):\n    last = ()\n\n    def close(self):\n        self.last = tuple(super().close()) or self.last\n        return list(self.last)", "silence and close", r"a second close expected nothing more"),
    "foreign messages are sent": Fault("codec.py", "        raise ProtocolError(", "        return b''\n        raise ProtocolError(", "messages there and back", r"a message of no protocol expected ProtocolError"),
    "an error is no ProtocolError": Fault("codec.py", "        raise ProtocolError(", "        raise KeyError(", "messages there and back", r"got KeyError"),
    "the parity bit is stripped": Fault("codec.py", '    if (why := why_not_text(raw)) is not None:\n        return Garbage(raw, why)\n    text = raw.decode("ascii")', '    text = bytes(b & 0x7F for b in raw).decode("ascii")', "hostile bytes, bounded memory", r"account for"),
    "garbage says no reason": Fault("codec.py", '"expected LF, a weight with its unit, CR LF, S and status bytes, CR ETX, or the status alone"', '""', "hostile bytes, bounded memory", r"Garbage expected to say why"),
    "an encoder counts": Fault("codec.py", 'text = f"\\n{value}{unit}\\r\\nS{status}\\r\\x03"', 'text = f"\\n{value}{unit}\\r\\nS{status}\\r\\x03"\n            _N.append(1)\n            return text.encode() if len(_N) % 2 else text.encode() * 2\n        case "never":\n            text = ""', "vectors, both ways", r"encoding expected|encoded twice"),
    "a vector's bytes are mistyped": Fault("vectors.toml", "0A 53 31 30 0D 03", "0A 53 31 31 0D 03", "vectors, both ways", r"vector 'in motion: the status alone': decoding"),
    "a vector has no source": Fault("vectors.toml", 'source = "SCP-01: LF ? CR ETX"', 'source = ""', "vectors, both ways", r"expected a source"),
    "verified is claimed": Fault("__init__.py", "verified=False", "verified=True", "specification", r"verified: expected False unless"),
    "another API": Fault("__init__.py", "    says=_says,\n", "    says=_says,\n    api=2,\n", "it loads", r"expected plugin API 1, got 2"),
    "another name": Fault("__init__.py", 'name="nci-ecr"', 'name="nci"', "name", r"expected that of its entry point"),
    "an answer fits no question": Fault("__init__.py", "return isinstance(message, Weight | Standing | Unknown)", "return isinstance(message, Weight | Unknown)", "questions and answers over a cable", r"expected to fit question W"),
}  # fmt: skip


def checked(folder: Path, limit_s: float = 30.0) -> Sheet:
    [plugin] = plugins_in(folder)
    return sheet(plugin, limit_s, crossed=False)


def test_what_the_tutorial_writes_conforms(tmp_path: Path) -> None:
    begin("protocol", "nci-ecr", tmp_path)
    told = checked(write(tmp_path))
    assert [one for one in told.held if not one.kept] == []
    assert len(told.held) >= 13
    assert {evidence for _, _, evidence, _ in told.vectors} == {"derived"}
    assert told.verified is False


def test_a_beginning_fails_at_vectors_and_their_document_alone(tmp_path: Path) -> None:
    begin("protocol", "my-device", tmp_path)
    told = checked(tmp_path / "shortmeasure-my-device")
    said = {one.name: one.said for one in told.held if not one.kept}
    assert set(said) == {"specification", "vectors, both ways"}
    assert "reference: expected to be filled in" in said["specification"]
    assert "`wire` in the vectors file" in said["vectors, both ways"]


@pytest.mark.parametrize(
    ("kind", "failing"),
    [
        ("protocol", {"test_vectors", "test_specification"}),
        ("instrument", {"test_vectors", "test_the_codec"}),
        ("detector", {"test_specification_and_purity", "test_false_alarms", "test_power"}),
        ("acceptance", {"test_edition", "test_honest_and_beyond_the_limit"}),
    ],
)
def test_the_tests_of_a_beginning_fail_where_something_is_to_be_brought(
    tmp_path: Path, kind: str, failing: set[str]
) -> None:
    begin(kind, "my-own", tmp_path, "scale" if kind == "acceptance" else "")
    home = tmp_path / "shortmeasure-my-own"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "-W", "error", "--tb=no", "-rf", str(home)],
        capture_output=True, text=True, check=False, cwd=home,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(home), str(ROOT))), "SHORTMEASURE_LANG": "en"},
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert set(re.findall(r"^FAILED \S+::(\w+)", done.stdout, re.MULTILINE)) == failing, done.stdout


UNTOUCHED = {
    "instrument": {
        ("protocols", "specification"): "reference: expected to be filled in",
        ("protocols", "vectors, both ways"): "expected bytes from a document or a wire",
        ("instruments", "written by its author"): r"driver\.py: expected to be written for your device",
    },
    "detector": {
        ("detectors", "specification, and judging as a pure function"): "null: expected to be filled in",
        ("detectors", "written by its author"): r"__init__\.py: expected to be written for your device or test",
    },
    "acceptance": {
        ("acceptance", "edition"): "title expected to be filled in",
        ("acceptance", "carried out at an honest instrument and at one beyond its limit"): "a scale with tests expected the limits",
    },
}  # fmt: skip
LEFT = {
    "instruments": {"the driver at its device", "the driver on a disturbed line, stale answers included"},
    "detectors": {"false alarms on honest cases", "power on cheating cases"},
    "protocols": {"among all other protocols"},
    "acceptance": set[str](),
}


@pytest.mark.parametrize("kind", UNTOUCHED)
def test_an_untouched_beginning_does_not_conform_and_says_where_and_what_was_not_tried(
    tmp_path: Path, kind: str
) -> None:
    begin(kind, "my-own", tmp_path, "scale" if kind == "acceptance" else "")
    found = plugins_in(tmp_path / "shortmeasure-my-own")
    sheets = [sheet(plugin, beside=found, crossed=False) for plugin in found]
    said = {(one.group, held.name): held.said for one in sheets for held in one.held if not held.kept}
    assert set(said) == set(UNTOUCHED[kind])
    for where, words in UNTOUCHED[kind].items():
        assert re.search(words, said[where]), said[where]
    for one in sheets:
        assert {held.name for held in one.held if not held.tried} == LEFT[one.group]
        assert all("got none here" in held.said for held in one.held if not held.tried)


def test_of_a_detector_of_no_weight_the_sheet_says_that_e_was_not_tried() -> None:
    [plugin] = [one for one in plugins("detectors") if one.name == "amount-law"]
    weightless = replace(plugin, spec=replace(plugin.spec, weight=0.0))
    [told] = [held.said for held in sheet(weightless).held if held.name == "false alarms on honest cases"]
    assert "of weight 0 hits and p alone can be tried, not e" in told


def test_the_sheet_says_what_was_checked_and_its_digest_as_a_list_of_allowed_plugins_has_it(tmp_path: Path) -> None:
    begin("protocol", "nci-ecr", tmp_path)
    home = write(tmp_path)
    told = checked(home)
    assert told.path == str(home / PACKAGE)
    assert told.sha256 == tree_digest(home, (PACKAGE,))[0]


def test_a_name_that_an_installed_plugin_has_is_refused(tmp_path: Path) -> None:
    told = checked(copied(LCUS, tmp_path, {}))
    [said] = [one.said for one in told.held if not one.kept]
    assert (
        said == "name: expected one that no installed plugin of protocols has; got \"'lcus', which shortmeasure has\""
    )


def test_a_name_that_is_taken_is_told_when_a_plugin_is_begun(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, taken in (("lcus", True), ("mine", False)):
        assert command.new("protocol", name, tmp_path, "", False) == 0
        assert ("protocols lcus is there already, from shortmeasure" in capsys.readouterr().err) == taken


@pytest.mark.parametrize("family", ["dispenser", "gas-dispenser", "scale", "taximeter"])
def test_an_edition_is_begun_for_a_family(tmp_path: Path, family: str) -> None:
    begin("acceptance", "own", tmp_path, family)
    text = (tmp_path / "shortmeasure-own" / "shortmeasure_own" / "edition.toml").read_text("utf-8")
    assert parse(text, "edition.toml").family == family


@pytest.mark.parametrize(("kind", "family"), [("acceptance", ""), ("acceptance", "pump"), ("detector", "scale")])
def test_a_family_is_for_editions_alone(tmp_path: Path, kind: str, family: str) -> None:
    with pytest.raises(UsageError, match=r"plugin new: --family expected (one of dispenser, .*|none, .*), got "):
        begin(kind, "own", tmp_path, family)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_caught_and_named(tmp_path: Path, name: str) -> None:
    fault = FAULTS[name]
    begin("protocol", "nci-ecr", tmp_path)
    home = write(tmp_path)
    path = home / PACKAGE / fault.file
    text = path.read_text("utf-8")
    assert text.count(fault.old) >= 1, fault.old
    path.write_text(text.replace(fault.old, fault.new, 1) + ("\n_N = []\n" if "_N" in fault.new else ""), "utf-8")
    told = checked(home, 1.0 if name == "it blocks" else 30.0)
    said = {one.name: one.said for one in told.held if not one.kept}
    assert fault.check in said, said
    assert re.search(fault.said, said[fault.check]), said[fault.check]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "if sum8(frame[:3]) != frame[3]",
            "if sum8(frame[1:3]) != frame[3]",
            "decoding",
        ),  # a checksum over the wrong range
        ("if sum8(frame[:3]) != frame[3]", "if False", "account for"),  # a checksum that nothing keeps
    ],
)
def test_a_wrong_checksum_is_caught(tmp_path: Path, old: str, new: str, said: str) -> None:
    told = checked(copied(LCUS, tmp_path, {"codec.py": (old, new)}))
    assert not told.conforms
    assert any(said in one.said for one in told.held)


def copied(package: Path, folder: Path, changes: dict[str, tuple[str, str]]) -> Path:
    """A package of ours as a stranger's distribution, with `changes`."""
    home = folder / "shortmeasure-stranger"
    shutil.copytree(package, home / "stranger", ignore=shutil.ignore_patterns("__pycache__"))
    for path in (home / "stranger").glob("*.py"):
        text = path.read_text("utf-8").replace(f"protocols.wire.{package.name}", "stranger")
        old, new = changes.get(path.name, ("", ""))
        assert old in text
        path.write_text(text.replace(old, new, 1) if old else text, "utf-8")
    (home / "pyproject.toml").write_text(
        f'[project]\nname = "stranger"\n[project.entry-points."shortmeasure.protocols"]\n{package.name} = "stranger:PROTOCOL"\n'
    )
    return home


def test_every_protocol_of_the_tree_conforms() -> None:
    for plugin in plugins("protocols"):
        told = sheet(plugin, crossed=False)
        assert told.conforms, [one for one in told.held if not one.kept]


def test_a_recording_of_a_protocol_is_named_by_it_and_stays_another_s_where_it_is_another_s() -> None:
    some = {one.name: one.spec for one in plugins("protocols") if one.name in ("kern", "cas", "lcus")}
    check_crossed(some["kern"], some)
    deaf = replace(some["kern"], name="deaf", decoder=lambda sender: Deaf("it hears nothing"))
    with pytest.raises(Broken, match=r"deaf: a recording of it expected to be named deaf; .* got 'kern'"):
        check_crossed(deaf, some)


def test_a_broken_plugin_has_a_sheet_too() -> None:
    broken = replace(plugins("protocols")[0], spec=None, reason="ImportError: no such thing", remedy="mend it")
    told = sheet(broken)
    assert not told.conforms
    assert told.held[0].said == "ImportError: no such thing; what next: mend it"


@pytest.mark.parametrize(
    ("kind", "name"), [("novel", "x"), ("protocol", "No Name"), ("protocol", "a" * 41), ("protocol", "a--b")]
)
def test_what_cannot_be_begun_is_said(tmp_path: Path, kind: str, name: str) -> None:
    with pytest.raises(UsageError, match="plugin new: "):
        begin(kind, name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    begin("protocol", "twice", tmp_path)
    with pytest.raises(FileExistsError, match="shortmeasure-twice"):
        begin("protocol", "twice", tmp_path)


def test_a_folder_that_is_no_plugin_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"expected a pyproject\.toml, got none"):
        plugins_in(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    with pytest.raises(UsageError, match=r"expected .*shortmeasure\.protocols"):
        plugins_in(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[project\n")
    with pytest.raises(UsageError, match="expected TOML"):
        plugins_in(tmp_path)


def test_kinds() -> None:
    assert kinds() == ["acceptance", "detector", "instrument", "protocol"]
    assert PLUGIN.startswith("shortmeasure-")
    assert Plugin("protocols", "x", "protocols.wire.x:Y", "shortmeasure", None).ours
