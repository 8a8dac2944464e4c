"""Attention index, spikes, intervals and audits, as array arithmetic."""
