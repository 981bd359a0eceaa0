"""Detectors look inside one stream or one delivery."""
