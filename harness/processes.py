"""Whether a process lives, and since when: its number alone says neither, since systems use numbers again."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

_QUERY_LIMITED = 0x1000  # PROCESS_QUERY_LIMITED_INFORMATION
_STILL_ACTIVE = 259


def began(pid: int) -> str | None:
    """When process `pid` began, as text that tells it from every other of its number; None when there is none.

    Linux: boot id and start in clock ticks (proc(5)).  Windows: creation time.  Elsewhere: what ps says.
    """
    if pid <= 0:
        return None
    if sys.platform == "win32":
        return _windows(pid)
    if Path("/proc/self/stat").exists():
        return _proc(pid)
    told = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return told.stdout.strip() or None


def _proc(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return None
    fields = stat[stat.rindex(b")") + 2 :].split()  # a process chooses its name itself, brackets and blanks included
    if fields[0] in (b"Z", b"X"):  # ended, not yet fetched by its parent: it holds no file any more
        return None
    return f"{boot}/{int(fields[19])}"


def _windows(pid: int) -> str | None:
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009  # not in the stubs of other systems
    handle = kernel.OpenProcess(_QUERY_LIMITED, False, pid)
    if not handle:
        return None
    try:
        code = ctypes.c_ulong()
        if not kernel.GetExitCodeProcess(handle, ctypes.byref(code)) or code.value != _STILL_ACTIVE:
            return None
        times = [ctypes.c_ulonglong() for _ in range(4)]
        if not kernel.GetProcessTimes(handle, *(ctypes.byref(time) for time in times)):
            return ""
        return str(times[0].value)
    finally:
        kernel.CloseHandle(handle)
