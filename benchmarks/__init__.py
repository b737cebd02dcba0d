"""Measurements, one module a claim; docs/benchmarks.md says how to run and write them."""
