"""The words every other room shares: who speaks, what was said, what it did. No I/O but packaged data."""
