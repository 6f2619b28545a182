"""The driver of the benchmark."""
