"""The `presswatch` command, one module per group of commands."""
