"""What bench/run measures, one module a subject."""
