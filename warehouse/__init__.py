"""What is kept: folders, SQL files and the loader that runs them."""

from warehouse.allocation import choose_pool

choose_pool()
