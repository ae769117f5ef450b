"""Tracing switched on by hand, one module per framework."""
