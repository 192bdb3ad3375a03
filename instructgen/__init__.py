"""Synthetic instruction data for fine-tuning language models."""
