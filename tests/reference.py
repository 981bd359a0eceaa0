"""The reference of the contract for plugins, made of its docstrings: `python tests/reference.py` writes docs/plugin_reference.md."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from captures import model  # noqa: E402
from fixtures import capability  # noqa: E402
from fixtures.answers import Answers  # noqa: E402
from fixtures.capability import InstrumentSpec  # noqa: E402
from fixtures.errors import BenchError, InstrumentError  # noqa: E402
from fixtures.link import Arrival  # noqa: E402
from fixtures.pairing import Pairing  # noqa: E402
from fixtures.roles import DUTIES  # noqa: E402
from harness import testing  # noqa: E402
from harness.judge import contract  # noqa: E402
from harness.judge.account import Kind  # noqa: E402
from harness.testing.devices import Trial  # noqa: E402
from harness.testing.instruments import OPTION_TYPES  # noqa: E402
from protocols import checks  # noqa: E402
from protocols.acceptance import EditionSpec  # noqa: E402
from protocols.asking import Asking, Question  # noqa: E402
from protocols.contract import (  # noqa: E402
    Decoder,
    EvidenceClass,
    Garbage,
    LineSettings,
    ProtocolError,
    Role,
    Vector,
    WireProtocol,
)
from protocols.dispensing import Dialogue  # noqa: E402
from protocols.indication import Indication  # noqa: E402
from protocols.lines import LineDecoder  # noqa: E402
from protocols.vectors import read_vectors  # noqa: E402
from tests.reference_notes import CONTEXT, E_VALUES, OPTIONS, ROLES  # noqa: E402

PAGE = ROOT / "docs" / "plugin_reference.md"


def _shown(name: str) -> bool:
    """Aliases and tables of the kit have no docstring of their own: they stand below its title."""
    one = getattr(testing, name)
    return callable(one) and hasattr(one, "__qualname__") and one.__module__.startswith("harness.")


PARTS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("Protocols", (WireProtocol, Role, Decoder, LineDecoder, LineSettings, EvidenceClass, Vector, read_vectors, Garbage, ProtocolError, Indication, Asking, Question, Dialogue)),
    ("Checksums: protocols.checks", tuple(
        one for name, one in vars(checks).items()
        if inspect.isfunction(one) and not name.startswith("_") and one.__module__ == checks.__name__
    )),
    ("Instruments", (InstrumentSpec, capability.DispenserLine, capability.Driver, capability.BenchPort, Arrival, Answers, Pairing, InstrumentError, BenchError)),
    ("What an instrument can do", tuple(
        one for name, one in sorted(vars(capability).items())
        if inspect.isclass(one) and one.__module__ == capability.__name__ and getattr(one, "_is_runtime_protocol", False)
    )),
    ("Detectors", (
        contract.DetectorSpec, contract.Segment, contract.SegmentKind, contract.Portion, contract.View, contract.Validation, contract.Reading,
        contract.Link, contract.Shape, Kind,
    )),
    ("What a segment holds", (
        model.PulseTrain, model.EdgeKind, model.Register, model.SampledTrace, model.Flag, model.Mark, model.MarkSource, model.ClockMap, model.Origin,
    )),
    ("Acceptance editions", (EditionSpec,)),
    ("The kit: harness.testing", tuple(getattr(testing, name) for name in testing.__all__ if _shown(name))),
)  # fmt: skip


def page() -> str:
    lines = [
        "# Reference for authors of plugins",
        "",
        "Made of the docstrings by `python tests/reference.py`; [plugins.md](plugins.md) explains.",
        "",
    ]
    for title, things in PARTS:
        lines += [f"## {title}", "", *NOTES.get(title, lambda: [])()]
        for thing in things:
            lines += [*_thing(thing), *NOTES.get(thing.__name__, lambda: [])()]
    return "\n".join(lines).rstrip("\n") + "\n"


def _roles() -> list[str]:
    rows = [
        f"| `{role}` | {' or '.join(f'`{kind.__name__}`' for kind in duty.able)} | "
        f"{f'`{duty.verb}()`: ' + ', '.join(f'`{key}`' for key in duty.keys) if duty.keys else ''} |"
        for role, duty in DUTIES.items()
    ]
    return [
        *ROLES,
        "| role | the driver is one that | each reading holds, as exact decimals |",
        "|---|---|---|",
        *rows,
        "",
    ]


def _options() -> list[str]:
    return [OPTIONS.format(types=", ".join(f"`{one.__name__}`" for one in OPTION_TYPES)), ""]


def _context() -> list[str]:
    rows = [f"| `{key}` | {where} | {says} |" for key, (where, says) in CONTEXT.items()]
    return [
        "Keys of `context`; one is absent where nobody observed it, and a detector is silent then.",
        "",
        "| key | of | what it says |",
        "|---|---|---|",
        *rows,
        "",
        "",
    ]


def _setting() -> list[str]:
    """A TypedDict has no defaults: they stand in the Trial that it makes."""
    trial = {one.name: one for one in fields(Trial)}
    rows = [
        f"| `{key}` | `{_type(trial[key].type)}` | {_default(trial[key])} |" for key in testing.Setting.__annotations__
    ]
    return ["| key | type | default |", "|---|---|---|", *rows, ""]


def _aliases() -> list[str]:
    source = "\n".join(inspect.getsource(sys.modules[f"harness.testing.{one}"]) for one in ("devices", "streams"))
    found = [re.search(rf"^{name}\b.*= .*$", source, re.MULTILINE) for name in testing.__all__ if not _shown(name)]
    return ["```python", *(one[0] for one in found if one), "```", ""]


NOTES = {
    "What an instrument can do": _roles, "InstrumentSpec": _options, "Segment": _context, "Reading": lambda: [E_VALUES, ""], "Setting": _setting,
    "The kit: harness.testing": _aliases,
}  # fmt: skip


class _Raw(str):
    """An annotation or a default as it is to be read."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _thing(thing: Any) -> list[str]:
    name, where = thing.__name__, thing.__module__
    lines = [f"### `{name}`", "", f"`{where}`", "", inspect.cleandoc(thing.__doc__ or ""), ""]
    if inspect.isclass(thing) and issubclass(thing, Enum):
        return [*lines, *_members(thing), ""]
    plain = inspect.unwrap(thing)
    if inspect.isfunction(plain):
        return [*lines, "```python", f"{name}{_signature(plain)}", "```", ""]
    if is_dataclass(thing):
        rows = [
            f"| `{one.name}` | `{_type(one.type)}` | {_default(one)} |"
            for one in fields(thing)
            if not one.name.startswith("_")
        ]
        lines += ["| field | type | default |", "|---|---|---|", *rows, ""]
    elif hasattr(thing, "_fields"):
        lines += [f"Fields: {', '.join(f'`{one}: {_type(thing.__annotations__[one])}`' for one in thing._fields)}", ""]
    elif "__init__" in vars(thing) and not getattr(thing, "_is_protocol", False) and inspect.isfunction(thing.__init__):
        lines += [
            "```python",
            f"{name}{_signature(thing.__init__)}".replace("(self, ", "(").replace(" -> None", ""),
            "```",
            "",
        ]
    own = [*_methods(thing)]
    return [*lines, *own, ""] if own else lines


def _methods(thing: Any) -> Iterator[str]:
    for key, one in vars(thing).items():
        function = one.fget if isinstance(one, property) else one
        if (
            not inspect.isfunction(function)
            or key.startswith("_")
            or function.__qualname__ != f"{thing.__name__}.{key}"
        ):
            continue
        says = " ".join(inspect.cleandoc(function.__doc__ or "").split())
        shape = (
            f"{key}: {function.__annotations__['return']}"
            if isinstance(one, property)
            else f"{key}{_signature(function)}"
        )
        yield f"- `{shape}`" + (f": {says}" if says else "")


def _members(kind: type[Enum]) -> list[str]:
    """With what is said beside each in the source."""
    said = dict(re.findall(r"^    (\w+) = .*?  # (.*)$", inspect.getsource(kind), re.MULTILINE))
    return [f"- `{one.name}` = `{one.value!r}`" + (f": {said[one.name]}" if one.name in said else "") for one in kind]


def _default(one: Any) -> str:
    if one.default is MISSING and one.default_factory is MISSING:
        return ""
    value = one.default_factory() if one.default is MISSING else one.default
    if inspect.isfunction(value) or inspect.isbuiltin(value):
        return f"`{value.__name__}`"
    return f"`{_value(value)}`".replace("|", "\\|")


def _value(value: Any) -> str:
    return (
        str(value)
        if isinstance(value, Enum) and not isinstance(value, str)
        else repr(str(value) if isinstance(value, Enum) else value)
    )


def _signature(function: Any) -> str:
    shape = inspect.signature(function)
    told = [
        one.replace(annotation=_Raw(one.annotation) if isinstance(one.annotation, str) else one.annotation)
        for one in shape.parameters.values()
    ]
    gives = shape.return_annotation
    return str(shape.replace(parameters=told, return_annotation=_Raw(gives) if isinstance(gives, str) else gives))


def _type(told: Any) -> str:
    return str(told if isinstance(told, str) else getattr(told, "__name__", told)).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
