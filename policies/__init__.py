"""The controls: what must be true of an agency, as pure functions over plain values.

One module per area, the explicit list of all of them in ``table``, thresholds and other legal
values as data files in ``data``. Nothing here reaches an engine or the network.
"""
