"""What is damaged or missing in a data folder."""
