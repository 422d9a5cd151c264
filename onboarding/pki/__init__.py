"""Certificates of officials and services: what they say, must say, and how they are made."""
