"""Exact similarity of texts at speed: tokens and indexes that know nothing but strings and numbers."""
