"""Strangers' plugins that fail in every way they can: nothing that does not use them notices, and each is listed with its reason."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.exits import Exit

ROOT = Path(__file__).parents[2]
MODULES = {
    "broken_import": "import no_such_module_anywhere\n",
    "broken_exit": "import sys\nsys.exit('not today')\n",
    "broken_raise": "raise RuntimeError('at import')\n",
    "broken_api": "class _Spec:\n    api = 99\n\n\nPROTOCOL = _Spec()\n",
    "broken_property": "class _Spec:\n    @property\n    def api(self):\n        raise ValueError('no api today')\n\n\nPROTOCOL = _Spec()\n",
    "broken_twin": "from protocols.wire.kern import PROTOCOL\n",
    "broken_talker": "print('hello from a stranger')\n",
    "broken_edition": "from protocols.acceptance import EditionSpec\n\nEDITION = EditionSpec('broken-edition', 'broken_edition', 'own.toml')\n",
    "broken_detector": (
        "from harness.judge.contract import DetectorSpec\n\n\ndef judge(segments, view):\n    raise KeyError('no such thing')\n\n\n"
        "DETECTOR = DetectorSpec('stranger', 1, 'law', 'none', 'anything', {}, judge, families=('scale',))\n"
    ),
}
ENTRIES = {
    "shortmeasure.protocols": {
        "b-import": "broken_import:PROTOCOL",
        "b-exit": "broken_exit:PROTOCOL",
        "b-raise": "broken_raise:PROTOCOL",
        "b-api": "broken_api:PROTOCOL",
        "b-property": "broken_property:PROTOCOL",
        "b-gone": "broken_gone:PROTOCOL",
        "b-name": "broken_api:NO_SUCH_NAME",
        "b-talks": "broken_talker:PROTOCOL",
        "kern": "broken_twin:PROTOCOL",
    },
    "shortmeasure.detector": {"b-group": "broken_detector:DETECTOR"},
    "shortmeasure.acceptance": {"b-edition": "broken_edition:EDITION"},
    "shortmeasure.detectors": {"stranger": "broken_detector:DETECTOR"},
}
REASONS = {
    "b-import": (
        "broken",
        "the module no_such_module_anywhere that it imports is not installed",
        "with its dependencies",
    ),
    "b-exit": ("broken", "SystemExit: not today", "mend or reinstall"),
    "b-raise": ("broken", "RuntimeError: at import", "mend or reinstall"),
    "b-api": ("broken", "expected plugin API 1, got 99", "made for this shortmeasure"),
    "b-property": ("broken", "ValueError: no api today", "mend or reinstall"),
    "b-gone": ("stale", "its module broken_gone is gone", "pip uninstall"),
    "b-name": ("broken", "AttributeError", "mend or reinstall"),
    "b-talks": ("broken", "AttributeError", "mend or reinstall"),
    "b-group": ("broken", "got 'shortmeasure.detector'", "has to write shortmeasure.detectors in its pyproject.toml"),
    "b-edition": ("broken", "", "plugin check"),
    "kern": ("broken", "shortmeasure has a 'kern' of its own", "give it another name"),
}


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that has them installed, to be put on the path."""
    folder = tmp_path_factory.mktemp("strangers")
    for name, text in MODULES.items():
        (folder / f"{name}.py").write_text(text)
    metadata = folder / "broken_stranger-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-stranger\nVersion: 1.0\n")
    groups = ("".join([f"[{group}]\n", *(f"{n} = {v}\n" for n, v in own.items())]) for group, own in ENTRIES.items())
    (metadata / "entry_points.txt").write_text("\n".join(groups))
    return folder


def shortmeasure(strangers: Path, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), *map(str, arguments)],
        capture_output=True, text=True, check=False, timeout=300,
        env={**os.environ, "PYTHONPATH": f"{strangers}{os.pathsep}{ROOT}", "SHORTMEASURE_LANG": "en", **environment},
    )  # fmt: skip


@pytest.fixture(scope="module")
def case(strangers: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in their company that uses none of the protocols; its judgement uses every detector."""
    folder = tmp_path_factory.mktemp("company") / "case"
    done = shortmeasure(strangers, "run", "price-scale-raid", "--bench", "price-scale-k0", "--case", folder)
    assert done.returncode in (Exit.OK, Exit.INCONCLUSIVE), done.stderr
    assert "Traceback" not in done.stderr
    return folder


def test_each_is_listed_with_its_reason_and_remedy(strangers: Path) -> None:
    done = shortmeasure(strangers, "plugins", "--json")
    assert done.returncode == Exit.PLUGIN
    told = json.loads(done.stdout)["plugins"]
    assert "hello from a stranger" in done.stderr  # what is printed at import is no part of the document
    table = shortmeasure(strangers, "plugins").stdout
    assert all(line.endswith(" broken-stranger") for line in table.splitlines() if " b-" in line)
    assert [row["state"] for row in told if row["name"] == "kern" and not row["reason"]] == ["ok"]  # ours is kept
    rows = {row["name"]: row for row in told if row["reason"]}
    assert rows.keys() == REASONS.keys()
    for name, (state, reason, remedy) in REASONS.items():
        assert rows[name]["state"] == state
        assert reason in rows[name]["reason"]
        assert remedy in rows[name]["remedy"]
    assert "Traceback" not in done.stderr


def test_the_other_editions_are_listed_beside_a_broken_one(strangers: Path) -> None:
    done = shortmeasure(strangers, "acceptance", "list")
    assert done.returncode == Exit.OK
    assert "jjg443-2023" in done.stdout
    assert "b-edition of broken-stranger cannot be used" in done.stderr
    done = shortmeasure(strangers, "acceptance", "show", "b-edition")
    assert done.returncode == Exit.PLUGIN
    assert "acceptance edition b-edition of broken-stranger cannot be used" in done.stderr


def test_help_and_version_do_not_notice(strangers: Path) -> None:
    for arguments in (["--help"], ["run", "--help"], ["--version"], ["bench", "check", "dispenser-k3"]):
        done = shortmeasure(strangers, *arguments)
        assert (done.returncode, done.stderr) == (Exit.OK, ""), arguments


def test_a_run_and_its_verdict_go_on_and_say_what_failed(strangers: Path, case: Path) -> None:
    assert shortmeasure(strangers, "verify", case).returncode == Exit.OK
    told = json.loads(shortmeasure(strangers, "judge", case, "--json").stdout)
    assert "detector stranger failed and says nothing: KeyError: 'no such thing'" in told["notes"]
    assert told["integrity"] == "no_evidence"
    header = json.loads((case / "data" / "journal" / "0001.jsonl").read_text("utf-8").splitlines()[0])
    listed = (
        {row["name"]: row for row in header["body"]["plugins"]}
        if "body" in header
        else {row["name"]: row for row in header["plugins"]}
    )
    assert listed["b-raise"]["broken"] == "RuntimeError: at import"
    assert len(listed["stranger"]["package_sha256"]) == 64


def test_a_detector_that_was_registered_and_is_not_used_now_is_told(
    strangers: Path, case: Path, tmp_path: Path
) -> None:
    """Without it, barred by a list, or of another version: the verdict says so, and that another was not registered."""
    (tmp_path / "none.toml").write_text("")
    barred = json.loads(shortmeasure(strangers, "--plugins", tmp_path / "none.toml", "judge", case, "--json").stdout)
    told = [note for note in barred["notes"] if "stranger" in note]
    assert len(told) == 1
    assert told[0].startswith("registered in this case and not used now: stranger, version 1 (not on the list")
    gone = json.loads(shortmeasure(tmp_path, "judge", case, "--json").stdout)
    assert "registered in this case and not used now: stranger, version 1 (not installed)" in gone["notes"]
    chinese = shortmeasure(tmp_path, "--lang", "zh", "judge", case).stdout
    assert "stranger" in chinese
    assert "registered" not in chinese
    text = MODULES["broken_detector"]
    try:
        (strangers / "broken_detector.py").write_text(text.replace("'stranger', 1", "'stranger', 2"))
        newer = json.loads(shortmeasure(strangers, "judge", case, "--json").stdout)
        (strangers / "broken_detector.py").write_text(text.replace("judge, families", "judge, weight=0.5, families"))
        lighter = json.loads(shortmeasure(strangers, "judge", case, "--json").stdout)
    finally:
        (strangers / "broken_detector.py").write_text(text)
    assert "registered in this case: stranger, version 1; used now: version 2" in newer["notes"]
    assert "registered in this case with another weight or other parameters: stranger, version 1" in lighter["notes"]
    same = json.loads(shortmeasure(strangers, "judge", case, "--json").stdout)
    assert not [note for note in same["notes"] if "registered in this case" in note]


def test_what_needs_one_says_why(strangers: Path, tmp_path: Path) -> None:
    bench = shortmeasure(strangers, "bench", "show", "price-scale-k1").stdout
    (tmp_path / "my.toml").write_text(bench.replace('protocol = "yaohua-continuous"', 'protocol = "b-raise"'))
    done = shortmeasure(strangers, "run", "price-scale-raid", "--bench", tmp_path / "my.toml", "--case", tmp_path / "c")
    assert done.returncode == Exit.PRECONDITION
    assert "got 'b-raise' (RuntimeError: at import)" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_not_on_the_list_is_not_even_imported(strangers: Path, tmp_path: Path) -> None:
    allow = shortmeasure(strangers, "plugins", "--allow")
    assert allow.returncode == Exit.OK
    listed = tmp_path / "allowed.toml"
    listed.write_text(allow.stdout)
    same = shortmeasure(strangers, "--plugins", listed, "plugins", "--json")
    reasons = {row["name"]: row["reason"] for row in json.loads(same.stdout)["plugins"] if row["reason"]}
    assert "stranger" not in reasons
    assert reasons["b-raise"] == "RuntimeError: at import"
    listed.write_text(allow.stdout.replace('package = "broken_detector"', 'package = "another"'))
    strict = shortmeasure(strangers, "plugins", "--json", SHORTMEASURE_PLUGINS=str(listed))
    reasons = {row["name"]: row["reason"] for row in json.loads(strict.stdout)["plugins"] if row["reason"]}
    assert "not on the list of allowed plugins" in reasons["stranger"]
    spoken = shortmeasure(strangers, "--lang", "zh", "plugins", SHORTMEASURE_PLUGINS=str(listed)).stdout
    assert "不在允许的插件清单 " in spoken
    assert "请先查看有何变动，再登记到" in spoken
    (strangers / "broken_detector.py").write_text(MODULES["broken_detector"] + "# changed\n")
    try:
        listed.write_text(allow.stdout)
        changed = shortmeasure(strangers, "--plugins", listed, "plugins", "--json")
    finally:
        (strangers / "broken_detector.py").write_text(MODULES["broken_detector"])
    reasons = {row["name"]: row["reason"] for row in json.loads(changed.stdout)["plugins"] if row["reason"]}
    assert "broken_detector is not what" in reasons["stranger"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[plugin]\n", "as TOML"),
        ("[[plugin]]\npackage = 'x'\n", "expected package, sha256"),
        ("[[plugin]]\npackage = 'x'\nsha256 = 'short'\n", "64 hexadecimal digits"),
        ("lang = 'zh'\n", "tables alone"),
    ],
)
def test_a_list_that_is_none_allows_nothing(strangers: Path, tmp_path: Path, text: str, said: str) -> None:
    listed = tmp_path / "allowed.toml"
    listed.write_text(text)
    done = shortmeasure(strangers, "--plugins", listed, "plugins")
    assert done.returncode == Exit.PLUGIN
    assert said in done.stderr
    assert done.stdout == ""
