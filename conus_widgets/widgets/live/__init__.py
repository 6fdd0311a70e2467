"""What the widgets on a page share."""
