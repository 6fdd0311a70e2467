"""Collections of labelled photographs: read as they are, asked once, everything else derived."""
