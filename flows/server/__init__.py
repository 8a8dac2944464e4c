"""`serve` and `deploy`: Prefect's server, worker, deployments and UI on one machine."""
