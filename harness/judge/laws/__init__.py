"""Laws compare neighbouring stations at rest: exact set tests."""
