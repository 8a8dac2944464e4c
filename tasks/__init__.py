"""What is done: one module a step, plain functions first."""

import warehouse  # noqa: F401 - it chooses pyarrow's memory pool, before pyarrow is imported
