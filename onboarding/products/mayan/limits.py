"""What Mayan EDMS 4.12 cannot do that the rules ask for, each with the control that asks."""

from __future__ import annotations

from onboarding.products.contract import Limit

LIMITS: tuple[Limit, ...] = (
    Limit(
        "DOC-004",
        "its configuration API has no place for the central address; it neither sends nor receives "
        "mail as that address",
        "ไม่มีที่สำหรับที่อยู่สารบรรณกลางในส่วนตั้งค่าของระบบ และไม่รับส่งจดหมายในนามที่อยู่นั้น",
    ),
    Limit(
        "DOC-005",
        "a register does not begin again at the first number on 1 January",
        "ทะเบียนไม่เริ่มเลขใหม่ในวันที่ 1 มกราคม",
    ),
    Limit(
        "DOC-006",
        "it does not take a person's groups from the sign-in: an administrator puts each person "
        "into the groups of the roles",
        "ไม่รับกลุ่มของผู้ใช้จากการลงชื่อเข้าใช้ ผู้ดูแลระบบต้องเพิ่มผู้ใช้เข้ากลุ่มของบทบาทเอง",
    ),
    Limit(
        "DOC-007",
        "it does not check the signature in a PDF (PAdES): the step of signing rests on whoever "
        "takes it",
        "ไม่ตรวจลายมือชื่ออิเล็กทรอนิกส์ในเอกสาร PDF (PAdES) ขั้นลงนามจึงขึ้นกับผู้ดำเนินการ",
    ),
    Limit(
        "DOC-008",
        "it has no letter exchange (TH e-GIF e-CMS)",
        "ไม่มีการแลกเปลี่ยนหนังสือตามมาตรฐาน TH e-GIF (e-CMS)",
    ),
    Limit(
        "DOC-010",
        "it does not count the years for which a letter must be kept: nothing is deleted by "
        "itself, and only the approving role deletes, at any age; and an account that is deleted "
        "takes the steps and comments of its person along: administrators deactivate it instead",
        "ไม่นับอายุการเก็บหนังสือ ระบบไม่ลบเอง และเฉพาะบทบาทผู้อนุมัติเท่านั้นที่ลบได้ ไม่ว่าหนังสือมีอายุเท่าใด "
        "อีกทั้งเมื่อลบบัญชีผู้ใช้ ขั้นตอนและความเห็นของผู้ใช้นั้นจะถูกลบไปด้วย ผู้ดูแลระบบจึงต้องระงับบัญชีแทนการลบ",
    ),
    Limit(
        "DOC-013",
        "it has no working calendar: what comes in out of hours counts from that moment",
        "ไม่มีปฏิทินวันทำการ หนังสือที่เข้ามานอกเวลาราชการนับเวลาทันที",
    ),
    Limit(
        "DOC-014",
        "it takes a letter in any form: it neither asks for PDF/A nor for a signature with a time "
        "stamp and the answers about revocation in it (PAdES-LT)",
        "รับหนังสือทุกรูปแบบ ไม่บังคับ PDF/A หรือลายมือชื่อที่มีประทับเวลาและข้อมูลการเพิกถอนอยู่ในเอกสาร (PAdES-LT)",
    ),
    Limit(
        "IDP-012",
        "it proves itself to the identity provider by a client secret only, not by a key",
        "ยืนยันตัวตนกับระบบพิสูจน์ตัวตนด้วยรหัสลับของไคลเอนต์เท่านั้น ไม่รองรับกุญแจ",
    ),
)
