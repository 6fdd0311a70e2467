"""Why does the network say so? Maps of evidence, and checks of what they claim."""
