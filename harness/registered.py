"""The tests that a case was registered with, beside those that it is judged with now: thresholds follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fixtures.plugins import plugins
from harness.families import FamilyTests


def tests_changed(header: Mapping[str, Any], tests: FamilyTests) -> list[str]:
    """What differs between the detectors in the header of a journal and `tests`, in sentences; none where the header names none."""
    registered: Mapping[str, Mapping[str, Any]] = header.get("detectors") or {}
    if not registered:
        return []
    why = {plugin.name: plugin.reason for plugin in plugins("detectors") if plugin.reason}
    found = []
    for name, then in registered.items():
        now = tests.detectors.get(name)
        if now is None:
            reason = why.get(name, "not installed")
            found.append(f"registered in this case and not used now: {name}, version {then.get('version')} ({reason})")
        elif now.version != then.get("version"):
            found.append(
                f"registered in this case: {name}, version {then.get('version')}; used now: version {now.version}"
            )
        elif (now.weight, dict(now.parameters)) != (then.get("weight"), then.get("parameters")):
            found.append(
                f"registered in this case with another weight or other parameters: {name}, version {now.version}"
            )
    if new := sorted(set(tests.detectors) - set(registered)):
        found.append(f"used now and not registered in this case: {', '.join(new)}")
    return found
