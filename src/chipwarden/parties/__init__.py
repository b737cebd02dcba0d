"""Parties: official lists, names, screening by exact name, ownership."""
