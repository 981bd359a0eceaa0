"""Interventions compare before and after, with and without, at the same input."""
