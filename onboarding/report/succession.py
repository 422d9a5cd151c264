"""A succession as people read it: the law, both sides, certificates, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from onboarding import change_rules, links, succession

_TITLES = {
    succession.Kind.RENAME: "Rename · เปลี่ยนชื่อหน่วยงาน",
    succession.Kind.MERGE: "Merger · รวมหน่วยงาน",
    succession.Kind.SPLIT: "Split · แยกหน่วยงาน",
}


def text(
    of: succession.Succession,
    trails: Sequence[succession.Trail],
    plans: Sequence[str],
    *,
    recorded: bool,
) -> str:
    """Everything that follows from it, and whether it was recorded."""
    lines = [_TITLES[of.kind]]
    lines += (f"  from  {_agency(one)}" for one in of.before)
    lines += (f"  to    {_agency(one)}{_goes_on(of, one)}" for one in of.after)
    lines.append(f"  by    {of.basis.gazette}, in force {of.basis.effective}")
    confirm = change_rules.confirm("succession.legalBasis")
    lines.append(f"        to be confirmed: {confirm}")
    lines += ["", "Planned", *(f"  {line}" for plan in plans for line in plan.splitlines())]
    lines += ["", "Certificates that stand", *(f"  {line}" for line in _certificates(of, trails))]
    lines += ["", "Records", *(f"  {line}" for line in _records(of))]
    lines += ["", "What comes next", *_next(of, trails, recorded=recorded)]
    return "\n".join(lines)


def _agency(of: links.Declared) -> str:
    one = of.manifest
    agency = one.agency
    return f"{agency.name_en} · {agency.name_th} ({one.id}), {one.users.initial:,} users"


def _goes_on(of: succession.Succession, one: links.Declared) -> str:
    return ", goes on under its id" if one.manifest.id in of.going_on else ""


def _certificates(of: succession.Succession, trails: Sequence[succession.Trail]) -> Iterator[str]:
    if not trails:
        yield "none"
    for one in trails:
        yield f"{one.agency}: {one.name}, O={one.organization}, serial {one.serial}"
        yield f"  {_fate(of, one)}"


def _fate(of: succession.Succession, one: succession.Trail) -> str:
    match one.fate:
        case succession.Fate.STAYS:
            return f"stays valid until {one.not_after[:10]}"
        case succession.Fate.FORMER_NAME:
            return (
                f"stays valid until {one.not_after[:10]} under the former name;"
                f" for the new one: onboard certs issue --signer {one.signer} --replace"
            )
        case succession.Fate.REVOKED:
            after = f", {one.successor} issues one anew before" if one.successor else ""
            return f"to be revoked on {of.basis.effective} ({one.reason}){after}"


def _records(of: succession.Succession) -> Iterator[str]:
    for one in of.predecessors:
        into = ", ".join(of.ids_after)
        yield f"of {one.manifest.id}: exported when it leaves, received by {into}"
    for lost in succession.left_behind(of):
        yield f"system {lost}: no successor has it; its records go on in the export only"
    yield "history: onboard history of each successor shows that of its predecessors too"


def _next(
    of: succession.Succession, trails: Sequence[succession.Trail], *, recorded: bool
) -> Iterator[str]:
    steps = [] if recorded else ["run this command again with --yes: it is recorded on both sides"]
    steps += [
        f"onboard plan {one.file} -o PLAN, then onboard apply --plan PLAN" for one in of.after
    ]
    anew = {(t.successor, t.name) for t in trails if t.fate is not succession.Fate.STAYS}
    steps += [f"onboard certs issue: {name} at {agency}" for agency, name in sorted(anew) if agency]
    steps += [
        f"from {of.basis.effective}: onboard offboard {one.file}"
        " (ends sign-in, revokes the certificates)"
        for one in of.predecessors
    ]
    yield from (f"  {number}. {step}" for number, step in enumerate(steps, 1))
    if not recorded:
        yield "Nothing was recorded, and nothing is ever written to a live system by this command."
