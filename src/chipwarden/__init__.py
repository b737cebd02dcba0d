"""Chipwarden: traceable, enforceable export control of advanced AI chips."""

__version__ = "0.1.0"
