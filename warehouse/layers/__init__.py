"""The files of the data folder: layout, Parquet, commits, compactions, definitions, audits."""
