"""Discovery of plugins.  A broken one is listed with its reason and a remedy; it never breaks what does not use it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

API_VERSIONS = {"protocols": 1, "instruments": 1, "detectors": 1, "acceptance": 1}
GROUPS = tuple(API_VERSIONS)


class PluginError(Exception):
    """A plugin that is needed cannot be loaded (exit 70)."""


@dataclass(frozen=True)
class Plugin:
    """One entry point: what it loaded to, or why not and what to do about it."""

    group: str
    name: str
    value: str
    distribution: str
    spec: Any
    reason: str = ""
    remedy: str = ""


def plugins(group: str) -> list[Plugin]:
    """All plugins of `group` ("protocols", "instruments", "detectors", "acceptance"), broken ones included."""
    return list(_installed(group, tuple(sys.path)))


@cache
def _installed(group: str, path: tuple[str, ...]) -> tuple[Plugin, ...]:
    """Read once for what `path` is: every judgement asks, and each reading opens the metadata of every distribution."""
    found: dict[str, Plugin] = {}
    for entry in sorted(entry_points(group=f"shortmeasure.{group}"), key=lambda e: (e.name, e.value)):
        plugin = _load(group, entry)
        twin = found.get(entry.name)
        if twin is not None and twin.value != plugin.value:
            why = f"two distributions offer {entry.name!r}: {twin.distribution} and {plugin.distribution}"
            plugin = Plugin(group, entry.name, entry.value, plugin.distribution, None, why, "uninstall one of them")
        found[entry.name] = plugin
    return tuple(found.values())


def specs(group: str) -> Mapping[str, Any]:
    """The specification objects of the plugins that load, by name."""
    working = {plugin.name: plugin.spec for plugin in plugins(group) if plugin.spec is not None}
    if not working:
        raise PluginError(
            f"no plugin of group shortmeasure.{group} loads; reinstall shortmeasure and look at `shortmeasure plugins`"
        )
    return working


def _load(group: str, entry: EntryPoint) -> Plugin:
    distribution = entry.dist.name if entry.dist is not None else "unknown"
    try:
        spec = entry.load()
    except Exception as error:  # a stranger's module may raise anything at import
        reason = f"{type(error).__name__}: {error}"
        return Plugin(group, entry.name, entry.value, distribution, None, reason, f"mend or reinstall {distribution}")
    api = getattr(spec, "api", None)
    if api != API_VERSIONS[group]:
        reason = f"expected plugin API {API_VERSIONS[group]}, got {api!r}"
        return Plugin(
            group,
            entry.name,
            entry.value,
            distribution,
            None,
            reason,
            f"install a {distribution} made for this shortmeasure",
        )
    return Plugin(group, entry.name, entry.value, distribution, spec)
