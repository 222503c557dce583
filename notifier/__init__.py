"""Notices about administrative-procedure dossiers, on four channels, with proof. The map is in README.md."""

__version__ = "0.1.0"
