"""Renderers: one a file, from plain values to text or JSON."""
