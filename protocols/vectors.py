"""Vectors as a TOML file: bytes of a document or a wire, and the messages they mean, filled in by whoever reads the manual.

    [[vector]]
    name = "1.234 kg at rest"
    sender = "device"
    wire = "0A 30 31 2E 32 33 34 4B 47 0D 0A 53 30 30 0D 03"
    source = "manual, page 12"
    evidence = "vendor document"
    means = [{ kind = "Weight", value = "01.234", unit = "KG", status = ["STATUS1"] }]

A kind is one of the protocol's message types; its fields are read by their annotations: Decimal and int from text or number,
bytes from hexadecimal, an Enum by value or name, a Flag by the names that are set.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum, Flag
from typing import Any, get_args, get_type_hints

from protocols.contract import EvidenceClass, Message, Role, Vector

KEYS = {"name", "sender", "wire", "source", "evidence", "means"}


class VectorError(ValueError):
    """The vectors file says something else than vectors; the message says where, what was expected and what came."""


def read_vectors(text: str, where: str, kinds: Mapping[str, type]) -> tuple[Vector, ...]:
    """The vectors in `text`, a TOML file called `where`; `kinds`: the message types by the name that `means` calls them.

    A vector whose `means` is empty has no messages yet: `check_vectors` says so.  Raises VectorError.
    """
    try:
        told = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise VectorError(f"{where}: expected vectors as TOML, got {str(error)[:200]}") from None
    entries = told.get("vector", [])
    if set(told) - {"vector"} or not isinstance(entries, list):
        raise VectorError(f"{where}: expected [[vector]] tables alone, got {', '.join(sorted(told))}")
    return tuple(_vector(one, f"{where}: [[vector]] {number}", kinds) for number, one in enumerate(entries, 1))


def _vector(told: Any, where: str, kinds: Mapping[str, type]) -> Vector:
    if not isinstance(told, Mapping) or set(told) - KEYS or KEYS - {"means"} - set(told):
        raise VectorError(f"{where}: expected {', '.join(sorted(KEYS))}, got {told!r}")
    try:
        wire = bytes.fromhex(str(told["wire"]))
    except ValueError:
        raise VectorError(f"{where}: wire expected bytes in hexadecimal such as 0A 53, got {told['wire']!r}") from None
    means = told.get("means") or []
    if not isinstance(means, list):
        raise VectorError(f"{where}: means expected a list of messages, got {means!r}")
    messages = tuple(_message(one, f"{where}, message {number}", kinds) for number, one in enumerate(means, 1))
    sender, evidence = _of(Role, told["sender"], where), _of(EvidenceClass, told["evidence"], where)
    return Vector(str(told["name"]), sender, wire, messages, str(told["source"]), evidence)


def _message(told: Any, where: str, kinds: Mapping[str, type]) -> Message:
    name = told.get("kind") if isinstance(told, Mapping) else None
    if not isinstance(name, str) or name not in kinds:
        raise VectorError(f"{where}: kind expected one of {', '.join(kinds)}, got {told!r}")
    kind = kinds[name]
    hints = get_type_hints(kind)
    if not is_dataclass(kind):
        raise VectorError(f"{where}: {name} is no dataclass")
    known = {one.name for one in fields(kind)}
    if strange := set(told) - {"kind"} - known:
        raise VectorError(
            f"{where}: {name} has {', '.join(sorted(known)) or 'no fields'}, got {', '.join(sorted(strange))}"
        )
    values = {
        key: read_value(value, hints[key], f"{where}: {name}.{key}") for key, value in told.items() if key != "kind"
    }
    try:
        return kind(**values)
    except (TypeError, ValueError) as error:
        raise VectorError(f"{where}: {name}: {error}") from None


def read_value(told: Any, hint: Any, where: str) -> Any:
    """`told` of a TOML file as the annotation `hint` wants it.  Raises VectorError."""
    options = get_args(hint)
    if options and type(None) in options:  # X | None
        return read_value(told, next(one for one in options if one is not type(None)), where)
    if options and hint.__origin__ is tuple:
        inner = options[0]
        return (
            tuple(read_value(one, inner, where) for one in told)
            if isinstance(told, Sequence)
            else _wrong(where, "a list", told)
        )
    if not isinstance(hint, type):
        return told
    plain: Any = hint
    try:
        if issubclass(hint, Flag):
            names = [told] if isinstance(told, str) else told
            return hint(told) if isinstance(told, int) else _flags(hint, names)
        if issubclass(hint, Enum):
            return _of(hint, told, where)
        if issubclass(hint, bytes):
            return bytes.fromhex(told)
        if issubclass(hint, Decimal):
            return Decimal(str(told))
        if issubclass(hint, bool | str):
            return told if isinstance(told, hint) else _wrong(where, hint.__name__, told)
        return plain(told)
    except (TypeError, ValueError, KeyError, InvalidOperation):
        return _wrong(where, hint.__name__, told)


def _flags(kind: type[Flag], names: Sequence[str]) -> Flag:
    found = kind(0)
    for name in names:
        found |= kind[name]
    return found


def _of(kind: Any, told: Any, where: str) -> Any:
    """The member of an Enum by its value, else by its name."""
    for one in kind:
        if told in (one.value, one.name):
            return one
    return _wrong(where, f"one of {', '.join(str(one.value) for one in kind)}", told)


def _wrong(where: str, expected: str, got: Any) -> Any:
    raise VectorError(f"{where}: expected {expected}, got {got!r}")
