"""What an acceptance protocol computes of a recorded run: each test of its edition, its result with a budget, its limit, and the decision.

Everything follows from the journal alone, so another laboratory can compute it again.
"""
