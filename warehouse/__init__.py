"""The stored data: folders, files, SQL and the loader that runs it."""

from warehouse.allocation import choose_pool

choose_pool()
