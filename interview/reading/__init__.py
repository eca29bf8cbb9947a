"""Readers of text: patterns as data, guards that keep them honest."""
