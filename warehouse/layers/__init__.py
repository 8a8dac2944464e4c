"""The files of the data folder: layout, Parquet, commits, manifest, definitions."""
