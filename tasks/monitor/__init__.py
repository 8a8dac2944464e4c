"""What is wrong with an installation now, and who is told: incidents, messages, their state."""
