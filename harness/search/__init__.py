"""Which trigger to try next: what a hidden function may wait for, what trying costs, what was tried, what stays unknown.

Everything here is planning: shares of a model's functions, never a probability about the device on the bench (field_rules.md
section 7).  Pure arrays and data; the steps that come of it are in harness/plans/trigger_search.py.
"""
