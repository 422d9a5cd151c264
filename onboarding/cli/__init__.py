"""The command line: parses, calls, prints. The only package that imports click and rich."""
