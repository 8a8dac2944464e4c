"""Reports: topics for a terminal, the HTML report, the artifacts of one run."""
