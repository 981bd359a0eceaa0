"""What a laboratory computes: uncertainty, conformity under a decision rule, comparison of results, batches and populations, prepackages, records.

Pure: figures in, figures out; no bench, no case, no clock.
"""
