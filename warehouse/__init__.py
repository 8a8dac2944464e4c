"""The stored data: folders, files, SQL and the loader that runs it."""

import os

# Must be set before pyarrow is imported, which then allocates with malloc(). The default, mimalloc,
# does not return memory: 70 MB after 70 loads of 33 pages.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
