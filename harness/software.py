"""What software ran: every installed file hashed, the commit, the versions of what it stands on, the plugins.

Hashes are taken once a process: what they name is what was there when the process began to work.  OIML D 31:2019
(software identification shown on demand); evidence.md 1.5 item 10.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import harness
from fixtures.package_digest import file_digest, package_digest, tree_digest
from fixtures.plugins import GROUPS, Plugin, plugins

DISTRIBUTION = "shortmeasure"
PACKAGES = ("captures", "protocols", "fixtures", "harness")
HOME = Path(harness.__file__).resolve().parent.parent  # what the four packages stand in: a checkout or site-packages
_GIT_TIMEOUT_S = 10.0
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@cache
def software() -> Mapping[str, Any]:
    """The tool itself.  `commit` and `dirty` (changed since that commit) are None where nobody can tell."""
    digest, count = tree_digest(HOME, (*PACKAGES, "cli.py"))
    commit, dirty = _checkout() if (HOME / ".git").exists() else (_installed_commit(), None)
    return {
        "version": metadata.version(DISTRIBUTION), "commit": commit, "dirty": dirty, "files": count, "files_sha256": digest,
        "parts_sha256": {name: tree_digest(HOME, (name,))[0] for name in (*PACKAGES, "harness/plans", "harness/step.py", "harness/judge")},
    }  # fmt: skip


@cache
def dependencies() -> Mapping[str, str]:
    """Version of every distribution that shortmeasure needs, directly or not, or uses where it is there."""
    found: dict[str, str] = {}
    waiting = [_name(line) for line in metadata.requires(DISTRIBUTION) or () if "test" not in line.partition(";")[2]]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:  # an extra that is not installed, or meant for another system
            continue
        found[name] = distribution.version
        waiting += [_name(line) for line in distribution.requires or () if "extra" not in line.partition(";")[2]]
    return dict(sorted(found.items()))


@cache
def plugin_list() -> Sequence[Mapping[str, Any]]:
    """Every plugin, broken ones included; `sha256` is that of its module's file, None where there is none.

    `package_sha256` covers the whole package of a plugin that is not one of ours (ours stand in `software`).
    """
    return tuple(_plugin(plugin) for group in GROUPS for plugin in plugins(group))


def _plugin(plugin: Plugin) -> Mapping[str, Any]:
    module = plugin.value.partition(":")[0].strip()
    told: dict[str, Any] = {
        "group": plugin.group, "name": plugin.name, "object": plugin.value, "distribution": plugin.distribution,
        "version": _version(plugin.distribution), "sha256": _module_digest(module),
    }  # fmt: skip
    if module.partition(".")[0] not in PACKAGES:
        told["package_sha256"] = package_digest(module.partition(".")[0])
    return {**told, "broken": plugin.reason} if plugin.reason else told


def _module_digest(module: str) -> str | None:
    loaded = sys.modules.get(module)
    path = getattr(loaded, "__file__", None)
    return file_digest(Path(path)) if isinstance(path, str) and os.path.isfile(path) else None


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except (metadata.PackageNotFoundError, ValueError):
        return None


def _name(requirement: str) -> str:
    matched = _REQUIREMENT.match(requirement)
    return re.sub(r"[-_.]+", "-", matched[1]).lower() if matched else ""


def _checkout() -> tuple[str | None, bool | None]:
    """Commit and whether files differ from it; the index is not refreshed, so that nothing is written."""
    commit = _git("rev-parse", "HEAD")
    changed = _git("status", "--porcelain", "--untracked-files=normal", "--", *PACKAGES, "cli.py")
    return commit or None, None if changed is None else bool(changed)


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(HOME), *arguments],
            capture_output=True, text=True, timeout=_GIT_TIMEOUT_S, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _installed_commit() -> str | None:
    """The commit that an installer recorded when it built from a repository (PEP 610)."""
    try:
        told = json.loads(metadata.distribution(DISTRIBUTION).read_text("direct_url.json") or "{}")
        commit = told.get("vcs_info", {}).get("commit_id")
    except (ValueError, AttributeError):
        return None
    return commit if isinstance(commit, str) and _COMMIT.fullmatch(commit) else None
