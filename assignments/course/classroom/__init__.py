"""The course in front of a class: train a tiny model live, fine-tune one, compare sizes, sweep settings."""
