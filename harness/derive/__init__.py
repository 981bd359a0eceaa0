"""Journal and bench binding -> streams and segments.  Alone in doing so: nobody else reads meaning out of wire bytes."""

from harness.derive.recorded import Recorded, read_recorded
from harness.derive.segments import segments

__all__ = ["Recorded", "read_recorded", "segments"]
