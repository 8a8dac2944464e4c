"""Attention index, spikes and source effects, as array arithmetic."""
