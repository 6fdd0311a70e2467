"""Notebooks as pages for strangers, served by Voila."""
