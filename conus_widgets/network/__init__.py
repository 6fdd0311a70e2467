"""The network: what it can be asked, and how it computes."""
