"""Formulas that stay here."""
