"""Training: on drawn shells, or of the last layer alone."""
