"""What is computed on a stream of weights: whole scale intervals in, numbers out; no segment, no profile, no claim.

Readings are int64 `steps` of the scale interval, times int64 nanoseconds; levels, shifts and noise are floats in the same
steps.  Every p-value and every bound states the null it holds under.
"""
