"""Honest measurements, with baselines beside them."""
