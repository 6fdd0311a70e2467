"""Checkpoints: the files of the published format, read, validated and fetched."""
