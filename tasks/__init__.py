"""What is done: one module a step, plain functions first."""
