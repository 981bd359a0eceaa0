"""Consistency of many trip records: which vehicles or drivers of a fleet stand out, as a screening and never as a verdict."""
