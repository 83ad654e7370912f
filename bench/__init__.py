"""Measurements beside peers. Nothing here is imported by the project."""
