"""A real node beside the lab's simulated ones: pods that run, volumes, names, enforced policies.

The node lives in network, mount and process namespaces of its own. All of it ends with one
process, so nothing of it can outlast the lab: no interface, mount, firewall rule or container.
Only its control groups need clearing away.
"""
