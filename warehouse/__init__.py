"""The stored data: folders, files, SQL and the loader that runs it."""

import os

# Has an effect only before pyarrow is imported: it allocates with malloc() then. Its default,
# mimalloc, does not return memory: 70 MB after 70 loads of 33 pages.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
