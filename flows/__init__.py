"""What runs: Prefect flows and the `presswatch` command."""
