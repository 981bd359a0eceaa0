"""What the pages for authors of plugins say is so: the reference as it is made, and what is told beside the docstrings."""

from __future__ import annotations

import re
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from fixtures.roles import DUTIES
from harness import testing
from harness.beginnings import begin
from harness.testing import HONEST, every_case
from tests.reference import PAGE, page
from tests.reference_notes import CONTEXT
from tests.tutorial import PAGE as PLUGINS

ROOT = Path(__file__).parents[2]


def test_the_reference_is_what_the_docstrings_say() -> None:
    assert PAGE.read_text("utf-8") == page(), "write it again: python tests/reference.py"


def test_the_reference_has_everything_of_the_kit_with_its_defaults() -> None:
    told = page()
    for name in testing.__all__:
        assert re.search(rf"^(### `{name}`|{name}\b.* = )", told, re.MULTILINE), name
    assert "### `Callable`" not in told
    assert not re.search(r"= [,)]", told)
    for shown in (
        "bench: str = ''",
        "`declared(self, key: str) -> Any | None`",
        "`send(self, data: bytes) -> None`",
        "### `sum8`",
    ):
        assert shown in told, shown


def test_the_reference_has_every_role_with_what_it_asks_for() -> None:
    told = page().partition("## What an instrument can do")[2].partition("###")[0]
    for role, duty in DUTIES.items():
        [row] = re.findall(rf"^\| `{role}` \| .*$", told, re.MULTILINE)
        assert all(f"`{kind.__name__}`" in row for kind in duty.able)
        assert all(f"`{key}`" in row for key in duty.keys)


def test_every_key_of_a_context_is_one_that_the_derivation_makes_and_those_of_the_kit_are_told() -> None:
    source = "".join(path.read_text("utf-8") for path in (ROOT / "harness" / "derive").glob("*.py"))
    assert [key for key in CONTEXT if f'"{key}"' not in source] == []
    cases = [*every_case().values(), *(make(np.random.default_rng(1)) for make in HONEST.values())]
    used = {key for case in cases for segment in case.segments for key in segment.context}
    said = "\n".join(f"{key} {where} {says}" for key, (where, says) in CONTEXT.items())
    assert sorted(key for key in used if not re.search(rf"\b{key}\b", said)) == []


def test_what_the_pages_point_to_is_there() -> None:
    for link in re.findall(r"\]\(([^)#]+\.md)", PLUGINS.read_text("utf-8")):
        assert (PLUGINS.parent / link).is_file(), link
    for anchor in re.findall(r"plugin_reference\.md#([^)]+)", PLUGINS.read_text("utf-8")):
        heads = [
            re.sub(r"[^a-z0-9 -]", "", head.lower()).replace(" ", "-")
            for head in re.findall(r"^#+ (.*)$", page(), re.MULTILINE)
        ]
        assert anchor in heads, anchor


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no pseudo-terminals")
def test_a_simulated_device_is_served_as_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin("instrument", "served", tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path / "shortmeasure-served"))
    [code] = re.findall(r"^```python served\n(.*?)^```$", PLUGINS.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    code = code.replace("shortmeasure_NAME", "shortmeasure_served").replace("print, threading.Event()", "ready, stop")
    stop, paths = threading.Event(), dict[str, str]()

    def ready(found: dict[str, str]) -> None:
        paths.update(found)
        stop.set()

    exec(compile(code, "docs/plugins.md", "exec"), {"ready": ready, "stop": stop})
    assert list(paths) == ["line"]
    for name in [name for name in sys.modules if name.startswith("shortmeasure_served")]:
        del sys.modules[name]
