"""The reference of the contract for plugins, made of its docstrings: `python tests/reference.py` writes docs/plugin_reference.md."""

from __future__ import annotations

import inspect
import sys
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from fixtures import capability  # noqa: E402
from fixtures.capability import InstrumentSpec  # noqa: E402
from harness import testing  # noqa: E402
from harness.judge.contract import DetectorSpec, Reading, Segment, View  # noqa: E402
from protocols.acceptance import EditionSpec  # noqa: E402
from protocols.asking import Asking, Question  # noqa: E402
from protocols.contract import Decoder, Garbage, LineSettings, Vector, WireProtocol  # noqa: E402
from protocols.dispensing import Dialogue  # noqa: E402
from protocols.indication import Indication  # noqa: E402
from protocols.vectors import read_vectors  # noqa: E402

PAGE = ROOT / "docs" / "plugin_reference.md"
PARTS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("Protocols", (WireProtocol, Decoder, LineSettings, Vector, read_vectors, Garbage, Indication, Asking, Question, Dialogue)),
    ("Instruments", (InstrumentSpec, capability.Driver, capability.BenchPort)),
    ("What an instrument can do", tuple(
        one for name, one in sorted(vars(capability).items())
        if inspect.isclass(one) and one.__module__ == capability.__name__ and getattr(one, "_is_runtime_protocol", False)
    )),
    ("Detectors", (DetectorSpec, Segment, View, Reading)),
    ("Acceptance editions", (EditionSpec,)),
    ("The kit: harness.testing", tuple(getattr(testing, name) for name in testing.__all__ if callable(getattr(testing, name)))),
)  # fmt: skip


def page() -> str:
    lines = [
        "# Reference for authors of plugins",
        "",
        "Made of the docstrings by `python tests/reference.py`; [plugins.md](plugins.md) explains.",
        "",
    ]
    for title, things in PARTS:
        lines += [f"## {title}", ""]
        for thing in things:
            lines += _thing(thing)
    return "\n".join(lines).rstrip("\n") + "\n"


def _thing(thing: Any) -> list[str]:
    name, where = thing.__name__, thing.__module__
    lines = [f"### `{name}`", "", f"`{where}`", "", inspect.cleandoc(thing.__doc__ or ""), ""]
    if is_dataclass(thing):
        rows = [
            f"| `{one.name}` | `{_type(one.type)}` | {'' if one.default is MISSING and one.default_factory is MISSING else 'may be left out'} |"
            for one in fields(thing)
        ]
        return [*lines, "| field | type | |", "|---|---|---|", *rows, ""]
    if inspect.isfunction(thing):
        return [*lines, "```python", f"{name}{_signature(thing)}", "```", ""]
    own = [
        (key, one)
        for key, one in vars(thing).items()
        if inspect.isfunction(one) and not key.startswith("_") and one.__qualname__ == f"{name}.{key}"
    ]
    for key, one in own:
        says = " ".join(inspect.cleandoc(one.__doc__ or "").split())
        lines.append(f"- `{key}{_signature(one)}`" + (f": {says}" if says else ""))
    return [*lines, ""] if own else lines


def _signature(function: Any) -> str:
    return str(inspect.signature(function)).replace("'", "")


def _type(told: Any) -> str:
    return str(told if isinstance(told, str) else getattr(told, "__name__", told)).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
