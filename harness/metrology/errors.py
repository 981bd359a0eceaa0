"""What figures that cannot be used are answered with."""

from __future__ import annotations


class MetrologyError(ValueError):
    """Figures that nothing can be computed from; the message names which, what was expected and what came."""
