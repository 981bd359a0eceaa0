"""What figures that cannot be used are answered with."""

from __future__ import annotations


class MetrologyError(ValueError):
    """Figures that nothing can be computed from; the message names which, what was expected and what came."""


class NotComparable(MetrologyError):
    """Cases whose results do not belong into one comparison or one mean; the message names what was expected and what came."""
