"""Fixtures that tinygrade offers to authors of plugins."""

pytest_plugins = "tinygrade.testing"
