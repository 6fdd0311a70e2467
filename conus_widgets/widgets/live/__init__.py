"""The base that all widgets share."""
