"""What several tests begin from and takes long to make: made once a test run, by whichever worker asks first.

Workers steal tests from each other, so a fixture of a module may be made by each of them, and some files begin from the same cases.
"""

from __future__ import annotations

import os
import pickle
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


def folder_once(temporary: pytest.TempPathFactory, name: str, make: Callable[[Path], object], own: Path) -> Path:
    """`own`, a copy of the folder that `make` makes: each test may do with its copy what it likes."""
    with _alone(temporary, name) as kept:
        if not kept.exists():
            shutil.rmtree(begun := kept.with_suffix(".begun"), ignore_errors=True)  # of one that failed
            make(begun)
            begun.rename(kept)
    shutil.copytree(kept, own)
    return own


def value_once(temporary: pytest.TempPathFactory, name: str, make: Callable[[], Any]) -> Any:
    """What `make` returns."""
    with _alone(temporary, name) as kept:
        if not kept.exists():
            value = make()
            kept.write_bytes(pickle.dumps(value))
            return value
    return pickle.loads(kept.read_bytes())


@contextmanager
def _alone(temporary: pytest.TempPathFactory, name: str) -> Iterator[Path]:
    """The place of `name`, while no other worker is at it."""
    base = temporary.getbasetemp()
    if "PYTEST_XDIST_WORKER" not in os.environ:
        yield base / f"once-{name}"
        return
    import fcntl  # where several workers run, their system has it

    with open(base.parent / f"once-{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield base.parent / f"once-{name}"
