"""Collect: from the web to an Article. Imports models only."""
