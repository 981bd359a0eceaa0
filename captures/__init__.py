"""Evidence at rest: the nouns, the journal, the case folder and foreign capture formats.

Nothing here reads a clock, starts a thread or opens a device; it touches only the paths handed to it.
"""
