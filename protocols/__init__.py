"""Bytes: wire protocols as sans-IO codecs, acceptance editions as parsed data.

No I/O and no time here: a codec does not know which side of the cable it is on.
"""
