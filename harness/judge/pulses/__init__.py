"""What is computed on one train of pulses: integer ticks in, numbers out; no segment, no profile, no claim."""
