"""Photographs of every kind, by a file's content, as upright RGB."""
