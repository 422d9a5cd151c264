"""Systems of state security, such as POLICE 4.0: nodes of their own and no public way in."""

from __future__ import annotations

from onboarding.catalogue.entry import Entry, ExtraField, Ingress, Words

ENTRY = Entry(
    kind="restricted",
    title_en="Restricted system",
    title_th="ระบบงานจำกัดการเข้าถึง",
    summary_en="On dedicated nodes, reached by no public address, linked to nobody by default.",
    summary_th="ทำงานบนโหนดเฉพาะ ไม่มีทางเข้าสาธารณะ และไม่เชื่อมโยงกับหน่วยงานอื่นโดยปริยาย",
    ingress=Ingress.NONE,
    node_pool="restricted",
    closed=True,
    least_aal=2,
    options=(ExtraField("restricted", "Way in", "ทางเข้าระบบ"),),
    provisions=(
        Words(
            "cluster: namespace marked with the PDPA exemption, quota, network policies, workload"
            " on the nodes of the pool `restricted` only",
            "คลัสเตอร์: เนมสเปซที่ระบุข้อยกเว้นตาม พ.ร.บ. คุ้มครองข้อมูลส่วนบุคคล โควตา"
            " นโยบายเครือข่าย และพอดบนโหนดกลุ่ม `restricted` เท่านั้น",
        ),
        Words(
            "no ingress, or one of the operator's internal gateway with a certificate",
            "ไม่มีทางเข้าระบบ หรือมีเฉพาะทางเข้าผ่านเกตเวย์ภายในพร้อมใบรับรอง",
        ),
        Words(
            "Vault: policy, sign-in role; Keycloak: client where there is a way in",
            "Vault: นโยบายและบทบาทการลงชื่อเข้าใช้; Keycloak: ไคลเอนต์เมื่อมีทางเข้าระบบ",
        ),
    ),
    controls=("TEN-019", "NET-014", "PDP-005", "PDP-011", "MOU-011", "PKI-006"),
    sizing=Words("users, by the table of size classes", "จำนวนผู้ใช้ ตามตารางชั้นขนาด"),
)
