"""Run, judge, report: plans over a bench, and verdicts from what was recorded."""
