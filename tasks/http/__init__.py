"""HTTP as it is read here, whether it comes from the network or from an archive."""
