"""ClickStack: an observability server. ARCHITECTURE.md is the map of the house."""

__version__ = "0.1.0"
