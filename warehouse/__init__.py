"""What is kept: folders, SQL files and the loader that runs them."""
