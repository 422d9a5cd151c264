"""What ``onboard init`` shows: its presets, and what it wrote."""

from __future__ import annotations

from pathlib import Path

from onboarding.cli import console

_LINES = {
    "en": (
        (
            "{file}: written for {name}\n"
            "  Size: {users:,} users, class {class}, {instances} instance(s) ({environments}): "
            "{cores:,g} cores, {memoryGi:,g} GiB memory, {storageGi:,} GiB storage\n"
            "  Drafts: {drafts} value(s) that only the agency knows"
        ),
        "  To confirm: {}",
        "Complete it, then run: {next}",
    ),
    "th": (
        (
            "{file}: จัดทำแบบแจ้งข้อมูลของ {name} แล้ว\n"
            "  ขนาดระบบ: {users:,} ผู้ใช้ ระดับ {class} จำนวน {instances} ระบบ ({environments}): "
            "ซีพียู {cores:,g} คอร์ หน่วยความจำ {memoryGi:,g} GiB พื้นที่จัดเก็บ {storageGi:,} GiB\n"
            "  ค่าชั่วคราว: {drafts} รายการ ซึ่งหน่วยงานต้องระบุ"
        ),
        "  โปรดยืนยัน: {}",
        "แก้ไขให้ครบถ้วน แล้วใช้คำสั่ง: {next}",
    ),
}
"""By language: what was written, one line for each thing to confirm, and what comes next."""


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
    lines, to_confirm, then = _LINES[language]
    said = {**shown, "name": f"{of.agency.name_en} · {of.agency.name_th}"}
    said["environments"] = ", ".join(of.tenancy.environments)
    console.result(
        "\n".join(
            [
                lines.format(**said),
                *(to_confirm.format(text) for text in confirm),
                then.format(**said),
            ]
        )
    )
