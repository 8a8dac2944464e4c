"""The views of the desk, a module each."""
