"""Collections: every photograph asked once, everything else derived."""
