"""Audits of topics: samples of articles, drawn, judged by readers, and taken into the warehouse."""
