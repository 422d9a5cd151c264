"""What ``onboard init`` shows: its presets, and what it wrote."""

from __future__ import annotations

from pathlib import Path

from onboarding.cli import console


def presets(language: str, output: str) -> None:
    """The sorts of agencies; their law too with ``--verbose``."""
    from onboarding.manifest import init_presets

    known = init_presets.presets()
    if output == "json":
        console.result_json(
            {"presets": [{"name": n, **p.model_dump(by_alias=True)} for n, p in known.items()]}
        )
        return
    thai = language == "th"
    for name, of in known.items():
        console.result(f"{name:<20} {of.title_th if thai else of.title_en}")
        if not console.verbose():
            continue
        for basis in of.basis:
            console.result(f"    {basis.th if thai else basis.en} [{basis.source}]")
        for text in of.to_confirm(language):
            console.result(f"    {'โปรดยืนยัน' if thai else 'To confirm'}: {text}")


def result(file: Path, name: str, text: str, language: str, output: str) -> None:
    """Size, drafts, what is to be confirmed, and the next command."""
    from onboarding import manifest, tenant
    from onboarding.manifest import init_presets

    of = manifest.loads(text)
    confirm = init_presets.get(name).to_confirm(language, of.id, of.agency.parent)
    sizes = [instance.size for instance in tenant.resolve(of).instances]
    shown = {
        "file": str(file),
        "preset": name,
        "users": of.users.initial,
        "instances": len(sizes),
        "class": sizes[0].klass,
        "cores": sum(s.cpu_request_m for s in sizes) / 1000,
        "memoryGi": sum(s.memory_request_mi for s in sizes) / 1024,
        "storageGi": sum(s.storage_gi for s in sizes),
        "drafts": len(manifest.draft_values(of)),
        "confirm": list(confirm),
        "next": f"onboard validate {file} --verbose",
    }
    if output == "json":
        console.result_json(shown)
        return
    parts = f"{len(sizes)} instance(s) for {' and '.join(of.tenancy.environments)}"
    needs = (
        f"{shown['cores']:,g} cores, {shown['memoryGi']:,g} GiB memory, "
        f"{shown['storageGi']:,} GiB storage"
    )
    lines = [
        f"{file}: written for {of.agency.name_en} · {of.agency.name_th}",
        f"  Size: {of.users.initial:,} users, class {sizes[0].klass}, {parts}: {needs}",
        f"  Drafts: {shown['drafts']} value(s) that only the agency knows",
        *(f"  To confirm: {said}" for said in confirm),
        f"Complete it, then run: {shown['next']}",
    ]
    console.result("\n".join(lines))
