"""What a set of network policies lets through, and whether another set lets through more. Pure.

Policies of a namespace only add up: pods that no policy of a direction selects are open that way,
and pods that are selected get what any of them allows (Kubernetes API, NetworkPolicy v1).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Selector = Mapping[str, Any] | None
_DIRECTIONS = (("Ingress", "ingress", "from"), ("Egress", "egress", "to"))


@dataclass(frozen=True, slots=True)
class Way:
    """One thing that is let through: which pods, which way, with whom, on which port.

    ``peer`` and ``port`` are as in the API; None stands for any.
    """

    direction: str
    pods: Mapping[str, Any]
    peer: Mapping[str, Any] | None
    port: Mapping[str, Any] | None

    def __str__(self) -> str:
        of = "" if not self.pods else f" of pods {_selected(self.pods)}"
        side = "from" if self.direction == "Ingress" else "to"
        return f"{self.direction.lower()}{of} {side} {_peer(self.peer)} on {_port(self.port)}"


def ways(specs: Iterable[Mapping[str, Any]]) -> tuple[Way, ...]:
    """Everything that the policies of one namespace let through, by their ``spec``."""
    listed = list(specs)
    found: list[Way] = []
    for direction, key, side in _DIRECTIONS:
        of_direction = [s for s in listed if direction in _types(s)]
        if not any(_is_everything(s.get("podSelector")) for s in of_direction):
            found.append(Way(direction, {}, None, None))
        for spec in of_direction:
            for rule in spec.get(key) or ():
                found += _of_rule(direction, spec.get("podSelector") or {}, rule, side)
    return tuple(found)


def _types(spec: Mapping[str, Any]) -> list[str]:
    told = spec.get("policyTypes")
    return list(told) if told else ["Ingress", *(["Egress"] if spec.get("egress") else [])]


def _of_rule(
    direction: str, pods: Mapping[str, Any], rule: Mapping[str, Any], side: str
) -> Iterator[Way]:
    for peer in rule.get(side) or (None,):
        for port in rule.get("ports") or (None,):
            yield Way(direction, pods, peer, port)


def opened(before: Iterable[Way], after: Iterable[Way]) -> tuple[Way, ...]:
    """The ways of ``after`` that ``before`` did not allow."""
    allowed = list(before)
    return tuple(way for way in after if not any(_covers(old, way) for old in allowed))


def _covers(wide: Way, narrow: Way) -> bool:
    return (
        wide.direction == narrow.direction
        and _selects(wide.pods, narrow.pods)
        and _admits(wide.peer, narrow.peer)
        and _includes(wide.port, narrow.port)
    )


def _is_everything(selector: Selector) -> bool:
    return not (selector or {}).get("matchLabels") and not (selector or {}).get("matchExpressions")


def _selects(wide: Selector, narrow: Selector) -> bool:
    """Whether a label selector selects all that another one does."""
    if _is_everything(wide):
        return True
    old, new = dict(wide or {}), dict(narrow or {})
    if old.get("matchExpressions") and old["matchExpressions"] != new.get("matchExpressions"):
        return False
    return dict(old.get("matchLabels") or {}).items() <= dict(new.get("matchLabels") or {}).items()


def _admits(wide: Mapping[str, Any] | None, narrow: Mapping[str, Any] | None) -> bool:
    if not wide or not narrow:
        return not wide
    # Without a selector of namespaces a peer is in the policy's own, which none can name.
    if any((key in wide) != (key in narrow) for key in ("ipBlock", "namespaceSelector")):
        return False
    if "ipBlock" in wide:
        return _holds(wide["ipBlock"], narrow["ipBlock"])
    if "namespaceSelector" in wide and not _selects(
        wide["namespaceSelector"], narrow["namespaceSelector"]
    ):
        return False
    return _selects(wide.get("podSelector"), narrow.get("podSelector"))


def _holds(wide: Mapping[str, Any], narrow: Mapping[str, Any]) -> bool:
    old, new = ipaddress.ip_network(wide["cidr"]), ipaddress.ip_network(narrow["cidr"])
    if not _within(new, old):
        return False
    spared = [ipaddress.ip_network(c) for c in narrow.get("except") or ()]
    for cidr in wide.get("except") or ():
        kept_out = ipaddress.ip_network(cidr)
        if kept_out.overlaps(new) and not any(_within(kept_out, s) for s in spared):
            return False
    return True


def _within(inner: _Network, outer: _Network) -> bool:
    if isinstance(inner, ipaddress.IPv4Network):
        return isinstance(outer, ipaddress.IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, ipaddress.IPv6Network) and inner.subnet_of(outer)


def _includes(wide: Mapping[str, Any] | None, narrow: Mapping[str, Any] | None) -> bool:
    if wide is None:
        return True
    if narrow is None or wide.get("protocol", "TCP") != narrow.get("protocol", "TCP"):
        return False
    if wide.get("port") is None:
        return True
    first, last = _range(wide)
    other_first, other_last = _range(narrow)
    if isinstance(first, int) and isinstance(other_first, int):
        return first <= other_first and other_last <= last
    return bool(first == other_first)


def _range(port: Mapping[str, Any]) -> tuple[Any, Any]:
    first = port.get("port")
    return first, port.get("endPort", first)


def _selected(selector: Selector) -> str:
    labels = dict((selector or {}).get("matchLabels") or {})
    told = [f"{key.rpartition('/')[2]}={value}" for key, value in sorted(labels.items())]
    told += [str(e) for e in (selector or {}).get("matchExpressions") or ()]
    return ", ".join(told)


def _peer(peer: Mapping[str, Any] | None) -> str:
    if not peer:
        return "anywhere"
    if "ipBlock" in peer:
        spared = peer["ipBlock"].get("except")
        return str(peer["ipBlock"]["cidr"]) + (f" without {', '.join(spared)}" if spared else "")
    pods = _selected(peer.get("podSelector"))
    told = f"pods {pods}" if pods else "all pods"
    if "namespaceSelector" not in peer:
        return f"{told} of its namespace"
    spaces = _selected(peer["namespaceSelector"])
    return f"{told} of {f'namespaces {spaces}' if spaces else 'all namespaces'}"


def _port(port: Mapping[str, Any] | None) -> str:
    if port is None:
        return "any port"
    first, last = _range(port)
    numbers = "any port" if first is None else str(first) if first == last else f"{first}-{last}"
    return f"{port.get('protocol', 'TCP')} {numbers}"
