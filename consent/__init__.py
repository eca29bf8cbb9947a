"""Notices, grants, ledger: without a grant nothing listens."""
