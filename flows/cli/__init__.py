"""The `presswatch` command, a module a group of commands."""
