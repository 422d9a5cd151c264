"""The lab: real engines on this computer, on loopback only."""
