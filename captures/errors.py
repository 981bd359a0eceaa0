"""What can be wrong with evidence at rest.  Each error says what was expected, what came, where, and what next."""


class CaptureError(Exception):
    """A foreign capture file cannot be read: truncated, hostile or not of this format."""


class WrongFormatError(CaptureError):
    """Not mine: the file is of another format (a damaged file of mine is a CaptureError)."""


class IntegrityError(Exception):
    """A journal or case does not verify; the message names file, line and what differs."""


class NoCaseError(IntegrityError):
    """Nothing is at this path: a slip of the finger, and no evidence that was lost."""


class SealedError(Exception):
    """The case is sealed, or cannot be sealed as it stands; the message says why."""


class NotSealedError(SealedError):
    """The case has no seal, and what is asked of it rests on one."""


class UnsealableError(SealedError):
    """The case holds what must not be sealed; the message names it and says how to mend it."""


class KeyFileError(Exception):
    """A key cannot be made, read or opened; the message names the file."""
