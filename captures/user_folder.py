"""The user's folder for application data, on each platform: the keys and the configuration lie in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def user_folder(environment: Mapping[str, str], platform: str, home: Path) -> Path:
    """Our part of the folder for application data on this `platform` (sys.platform).

    Windows: the local, not the roaming one: a private key is not copied over the network.
    """
    if platform == "win32":
        base = Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share")
    return base / "shortmeasure"
