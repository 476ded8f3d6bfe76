"""Readers' tables: content of their columns, their settings, and deviations that explain them."""
