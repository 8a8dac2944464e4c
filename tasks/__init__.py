"""What is done: one module a step, plain functions first."""

import warehouse  # noqa: F401 - sets pyarrow's memory pool, before pyarrow is imported
