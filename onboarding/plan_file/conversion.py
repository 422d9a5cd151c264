"""Between a plan and its JSON document."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from onboarding import item, plan, safety
from onboarding.plan_file import form, origin, saved
from onboarding.safety import impact


def document(of: saved.Saved) -> dict[str, Any]:
    """The file's content, JSON values only."""
    formed = form.PlanForm(
        digest=f"sha256:{of.digest}",
        checksum="sha256:" + "0" * 64,
        environment=form.EnvironmentForm(
            name=of.made.environment,
            production=of.made.production,
            identities=dict(of.parts[0].plan.target),
        ),
        made_by=of.made.by,
        created=of.made.created,
        expires=of.made.expires,
        as_of=of.made.as_of,
        tenants=tuple(map(_part_form, of.parts)),
    )
    made: dict[str, Any] = formed.model_dump(mode="json", by_alias=True)
    return {**made, "checksum": checksum(made)}


def checksum(of: Mapping[str, Any]) -> str:
    """Over everything but the checksum itself."""
    rest = {key: value for key, value in of.items() if key != "checksum"}
    return f"sha256:{item.content_hash(rest)}"


def unfit(part: saved.Part) -> list[str]:
    """The manifests whose text is not the one that the plan's basis names."""
    texts = {"manifest": part.manifest, **{f"peer {agency}": s for agency, s in part.peers}}
    return [
        name for name, one in texts.items() if origin.sha256(one.text) != part.plan.basis.get(name)
    ]


def _part_form(of: saved.Part) -> form.PartForm:
    made = of.plan
    counts = {action.value: count for action, count in made.counts().items()}
    return form.PartForm(
        tenant=made.tenant_id,
        name_en=of.name_en,
        name_th=of.name_th,
        purpose=made.purpose,
        digest=f"sha256:{made.digest}",
        basis=dict(made.basis),
        manifest=_source_form(of.manifest),
        peers={agency: _source_form(one) for agency, one in of.peers},
        counts={**counts, "unchanged": made.unchanged},
        changes=tuple(map(_change_form, made.changes)),
        conflicts=tuple(_conflict_form(one) for one in made.conflicts),
        hazards=tuple(_hazard_form(one) for one in of.hazards),
        findings=tuple(_finding_form(one) for one in of.findings),
    )


def _source_form(of: saved.Source) -> form.SourceForm:
    return form.SourceForm(
        file=of.file, commit=of.commit, sha256=origin.sha256(of.text), text=of.text
    )


def _change_form(of: plan.Change) -> form.ChangeForm:
    wanted = of.desired
    means = impact.of(of)
    return form.ChangeForm(
        engine=of.ref.engine,
        kind=of.ref.kind,
        scope=of.ref.scope,
        name=of.ref.name,
        action=of.action,
        reason=of.reason,
        holds_data=of.holds_data,
        interrupts=means.interrupts,
        data=means.data,
        controls=means.controls,
        fields=tuple(
            form.FieldForm(path=f.path, before=f.before, after=f.after) for f in of.fields
        ),
        desired=form.DesiredForm(owner=wanted.owner, fields=dict(wanted.fields))
        if wanted
        else None,
    )


def _conflict_form(of: plan.Conflict) -> form.ConflictForm:
    ref = of.ref
    return form.ConflictForm(
        engine=ref.engine, kind=ref.kind, scope=ref.scope, name=ref.name, owner=of.owner
    )


def _hazard_form(of: safety.Hazard) -> form.HazardForm:
    return form.HazardForm(
        rule=of.rule,
        message=of.message,
        details=of.details,
        flag=of.flag,
        approver=of.approver,
    )


def _finding_form(of: saved.Judged) -> form.FindingForm:
    return form.FindingForm(
        control=of.control,
        title_en=of.title_en,
        title_th=of.title_th,
        severity=of.severity,
        verdict=of.verdict,
        subject=of.subject,
        seen=of.seen,
        gates=of.gates,
    )


def part_document(of: saved.Part) -> dict[str, Any]:
    """One agency's plan as JSON values, to be kept with its state while it is carried out."""
    made: dict[str, Any] = _part_form(of).model_dump(mode="json", by_alias=True)
    return {**made, "identities": dict(of.plan.target)}


def part_of(kept: Mapping[str, Any]) -> saved.Part:
    """What ``part_document`` gave."""
    rest = {key: value for key, value in kept.items() if key != "identities"}
    return _part(form.PartForm.model_validate_json(json.dumps(rest)), kept["identities"])


def saved_of(formed: form.PlanForm) -> saved.Saved:
    """What a document says; digests are worked out anew, not taken from it."""
    where = formed.environment
    made = saved.Made(
        where.name,
        where.production,
        formed.made_by,
        formed.created,
        formed.expires,
        formed.as_of,
    )
    return saved.seal(made, [_part(one, where.identities) for one in _ordered(formed.tenants)])


def _ordered(parts: Iterable[form.PartForm]) -> list[form.PartForm]:
    return sorted(parts, key=lambda part: part.tenant)


def _part(of: form.PartForm, target: Mapping[str, str]) -> saved.Part:
    made = plan.Plan(
        tenant_id=of.tenant,
        target=dict(target),
        changes=tuple(map(_change, of.changes)),
        conflicts=tuple(plan.Conflict(_ref(one), one.owner) for one in of.conflicts),
        unchanged=of.counts.get("unchanged", 0),
        purpose=of.purpose,
        basis=of.basis,
    )
    return saved.Part(
        plan.sealed(made),
        of.name_en,
        of.name_th,
        _source(of.manifest),
        tuple((agency, _source(one)) for agency, one in sorted(of.peers.items())),
        tuple(saved.Judged(**dict(one)) for one in of.findings),
        tuple(safety.Hazard(**dict(one)) for one in of.hazards),
    )


def _source(of: form.SourceForm) -> saved.Source:
    return saved.Source(of.file, of.text, of.commit)


def _ref(of: form.ChangeForm | form.ConflictForm) -> item.Ref:
    return item.Ref(of.engine, of.kind, of.scope, of.name)


def _change(of: form.ChangeForm) -> plan.Change:
    ref = _ref(of)
    wanted = of.desired
    return plan.Change(
        of.action,
        ref,
        item.Item(ref, wanted.fields, wanted.owner, of.holds_data) if wanted else None,
        tuple(plan.FieldChange(f.path, f.before, f.after) for f in of.fields),
        of.reason,
        of.holds_data,
    )
