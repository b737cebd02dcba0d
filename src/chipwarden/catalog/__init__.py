"""Chips and systems: sourced figures and what follows from them by arithmetic."""
