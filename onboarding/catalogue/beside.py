"""What a manifest may ask for beside systems: links, shared services, populations."""

from __future__ import annotations

from onboarding.catalogue.entry import ExtraField, Offer, Words

_LINK = (
    Words(
        "nothing until both agencies declare the same link",
        "ไม่จัดสรรสิ่งใดจนกว่าทั้งสองหน่วยงานจะประกาศการเชื่อมโยงตรงกัน",
    ),
    Words(
        "cluster: network policies to the gateway only, settings of the link",
        "คลัสเตอร์: นโยบายเครือข่ายไปยังเกตเวย์เท่านั้น และการตั้งค่าของการเชื่อมโยง",
    ),
    Words(
        "Vault: role for its mTLS certificate, key pair; Keycloak: client, scopes, audience",
        "Vault: บทบาทสำหรับใบรับรอง mTLS และคู่กุญแจ; Keycloak: ไคลเอนต์ ขอบเขตสิทธิ และผู้รับโทเคน",
    ),
)
_EACH_LINK = tuple(f"XCH-{number:03}" for number in range(1, 8))
_NO_SIZE = Words("no resources of its own", "ไม่ใช้ทรัพยากรของตนเอง")

LINKS = (
    Offer(
        kind="health-link",
        title_en="Health Link",
        title_th="เฮลท์ลิงก์ (Health Link)",
        summary_en="Patient data between hospitals, after consent at the source hospital.",
        summary_th="ข้อมูลผู้ป่วยระหว่างสถานพยาบาล เมื่อผู้ป่วยยินยอมที่สถานพยาบาลต้นทางแล้ว",
        provisions=_LINK,
        controls=(*_EACH_LINK, "XCH-008"),
        sizing=_NO_SIZE,
        options=(
            ExtraField("consentMode", "Consent mode", "รูปแบบความยินยอม", required=True),
            ExtraField("facilityCodes", "Facility codes", "รหัสสถานพยาบาล", required=True),
            ExtraField("clinicianCheck", "Clinician check", "ตรวจสอบผู้ประกอบวิชาชีพ", required=True),
            ExtraField("healthLink", "Health Link", "เฮลท์ลิงก์"),
        ),
    ),
    Offer(
        kind="data-exchange",
        title_en="Data exchange (GDX)",
        title_th="การแลกเปลี่ยนข้อมูลภาครัฐ (GDX)",
        summary_en="Data between two agencies: mTLS, explicit scopes, logged, reviewed yearly.",
        summary_th="ข้อมูลระหว่างสองหน่วยงาน ใช้ mTLS ขอบเขตสิทธิชัดเจน มีบันทึก และทบทวนทุกปี",
        provisions=_LINK,
        controls=_EACH_LINK,
        sizing=_NO_SIZE,
        options=(
            ExtraField("dataFields", "Fields exchanged", "รายการข้อมูล"),
            ExtraField("scopes", "OAuth scopes", "ขอบเขตสิทธิ"),
            ExtraField("requestsPerMinute", "Requests per minute", "จำนวนคำขอต่อนาที"),
        ),
    ),
    Offer(
        kind="portal",
        title_en="One-stop portal",
        title_th="พอร์ทัลกลางบริการภาครัฐ",
        summary_en="Services in the government portal; a foreigner signs in without a citizen id.",
        summary_th="บริการในพอร์ทัลกลาง โดยคนต่างด้าวลงชื่อเข้าใช้ได้โดยไม่มีเลขประจำตัวประชาชน",
        provisions=_LINK,
        controls=(*_EACH_LINK, "XCH-012"),
        sizing=_NO_SIZE,
        options=(ExtraField("portal", "Portal", "พอร์ทัล"),),
    ),
    Offer(
        kind="intake",
        title_en="Intake of cases (AOC 1441, GCC 1111)",
        title_th="การรับเรื่องจากศูนย์ AOC 1441 และ GCC 1111",
        summary_en="Cases from a national contact centre: masked, answered within 24 hours.",
        summary_th="รับเรื่องจากศูนย์กลาง ปิดบังข้อมูลส่วนบุคคล และตอบรับภายใน 24 ชั่วโมง",
        provisions=_LINK,
        controls=(*_EACH_LINK, "XCH-009", "XCH-010", "XCH-011"),
        sizing=Words("at least two pods of the system", "อย่างน้อยสองพอดของระบบ"),
        options=(ExtraField("intake", "Intake", "การรับเรื่อง"),),
    ),
)

SERVICES = (
    Offer(
        kind="mail",
        title_en="Government mail",
        title_th="ไปรษณีย์อิเล็กทรอนิกส์ภาครัฐ",
        summary_en="A central address, and the DNS records by which others tell its mail.",
        summary_th="ที่อยู่กลางของหน่วยงาน และระเบียน DNS ให้ผู้รับตรวจสอบได้ว่าจดหมายมาจากหน่วยงานจริง",
        provisions=(
            Words(
                "hand-over kit: SPF, DKIM and DMARC records to publish",
                "เอกสารส่งมอบ: ระเบียน SPF DKIM และ DMARC ที่ต้องประกาศ",
            ),
        ),
        controls=("DOC-004", "OPS-011"),
        sizing=_NO_SIZE,
        options=(
            ExtraField("centralAddress", "Central address", "อีเมลกลาง", required=True),
            ExtraField("dkim", "DKIM record requested", "ขอระเบียน DKIM"),
            ExtraField("spf", "SPF record requested", "ขอระเบียน SPF"),
        ),
    ),
    Offer(
        kind="shared-data-centre",
        title_en="Shared data centre",
        title_th="ศูนย์ข้อมูลกลางภาครัฐ",
        summary_en="Space in a data centre of the state, for equipment of the agency's own.",
        summary_th="พื้นที่ในศูนย์ข้อมูลกลางสำหรับอุปกรณ์ของหน่วยงาน",
        provisions=(Words("hand-over kit: the site is named", "เอกสารส่งมอบ: ระบุสถานที่"),),
        controls=("MOU-013",),
        sizing=_NO_SIZE,
        options=(ExtraField("site", "Site", "สถานที่", required=True),),
    ),
)

POPULATIONS = (
    Offer(
        kind="public-access",
        title_en="Public access points",
        title_th="จุดบริการอินเทอร์เน็ตสาธารณะ",
        summary_en="People at community centres and in villages: users only, short sessions.",
        summary_th="ประชาชนที่ศูนย์ดิจิทัลชุมชนและหมู่บ้าน เป็นผู้ใช้บริการเท่านั้น และใช้เซสชันอายุสั้น",
        provisions=(
            Words(
                "Keycloak: a group without rights, a client with short sessions",
                "Keycloak: กลุ่มที่ไม่มีสิทธิ และไคลเอนต์ที่มีเซสชันอายุสั้น",
            ),
        ),
        controls=("IDP-022", "IDP-023"),
        sizing=Words(
            "none: their number does not size the e-Office", "ไม่มี จำนวนไม่ใช้กำหนดขนาดของ e-Office"
        ),
        options=(
            ExtraField("nameTh", "Name in Thai", "ชื่อกลุ่ม", required=True),
            ExtraField("accessPoints", "Access points", "จำนวนจุดให้บริการ", required=True),
            ExtraField("users", "Users", "จำนวนผู้ใช้", required=True),
            ExtraField("sessionMinutes", "Session in minutes", "อายุเซสชัน (นาที)"),
        ),
    ),
)
