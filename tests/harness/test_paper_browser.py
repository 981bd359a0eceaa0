"""The HTML of a report in a real browser: what it shows, what it complains of, what it asks the network for."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.paper.as_html import html
from harness.paper.build import build
from harness.paper.harmless import throughout
from tests.papers import hostile, inspected

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run",
    "--disable-extensions", "--disable-sync", "--enable-logging=stderr", "--v=0", "--virtual-time-budget=2000", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip


pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium on this computer: apt-get install chromium")


def opened(page: bytes, folder: Path) -> tuple[str, list[str], set[str]]:
    """What stands in the page, what the console says, and what the page asked the network for; the browser's own requests have no origin."""
    file, log = folder / "report.html", folder / "net.json"
    file.write_bytes(page)
    command = [
        str(BROWSER),
        *QUIET,
        f"--user-data-dir={folder / 'profile'}",
        f"--log-net-log={log}",
        "--dump-dom",
        file.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    told = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    events = [event.get("params", {}) for event in json.loads(log.read_text("utf-8"))["events"]]
    asked = {str(one["url"]) for one in events if one.get("initiator", "not an origin") != "not an origin"}
    return done.stdout, told, asked


@pytest.mark.parametrize("which", ["raid", "hostile"])
def test_a_browser_shows_it_without_a_word_and_without_a_request(tmp_path: Path, which: str) -> None:
    report = build(inspected("dispenser", tmp_path), ("zh", "en")) if which == "raid" else throughout(hostile())
    shown, told, asked = opened(html(report), tmp_path)
    assert f'id="zh-{report.parts[0].sections[-1].id}"' in shown
    assert told == []
    assert asked == set()


def test_a_page_that_asks_or_complains_is_noticed(tmp_path: Path) -> None:
    _, told, asked = opened(b"<script>console.error('x')</script><img src='http://nowhere.invalid/x'>", tmp_path)
    assert told
    assert asked == {"http://nowhere.invalid/x"}
