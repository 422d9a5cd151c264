#!/usr/bin/python3
"""Mayan's command, under the name that its documentation gives it."""

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    execute_from_command_line()
