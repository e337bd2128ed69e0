"""The course's own plugin: its data, what can be learned from it, and how training is judged."""
