"""What remains of a case on paper: one Report, whatever it is printed as (docs/decisions/0022-one-report.md)."""

from harness.paper.model import Report

__all__ = ["Report"]
