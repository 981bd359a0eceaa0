"""What is shown of a verdict: one document, rendered as text, JSON and plots."""
