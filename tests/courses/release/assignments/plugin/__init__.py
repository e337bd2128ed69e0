"""A plugin of which students get a part."""
