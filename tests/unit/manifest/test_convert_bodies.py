"""A table of bodies becomes the bodies of a programme: 57 rows, 57 bodies, ids that stay."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onboarding import errors, manifest
from onboarding.manifest import convert_bodies, convert_table, init
from tests.unit.manifest import samples

TABLE = samples.EXAMPLES / "plk-bodies.csv"
PLK = (samples.EXAMPLES / "plk-lao.yaml").read_text(encoding="utf-8")


def small(*bodies: str) -> str:
    """A pooled programme of ``bodies`` as the file has them, an entry each, with a comment."""
    sections = json.loads(samples.text(tenancy=None)).items()
    lines = [f"{key}: {json.dumps(part, ensure_ascii=False)}" for key, part in sections]
    lines += ["tenancy:", "  isolation: pooled", "  environments: [prod]", "  subTenants:"]
    lines += [f"    - {body}   # {number}" for number, body in enumerate(bodies, 1)]
    return "\n".join([*lines, ""])


def in_one_line(rest: str) -> str:
    """The same with its tenancy in one line, which ends with ``rest``."""
    before = small().partition("tenancy:")[0]
    return f"{before}tenancy: {{isolation: pooled, environments: [prod]{rest}}}\n"


ONE = "{id: p-001, nameTh: เทศบาล ก, users: 100}"
TWO = "{id: p-002, nameTh: เทศบาล ข, users: 150}"
DRAFT = "{id: p-003, nameTh: (อปท. 3), users: 50}"


def table(*lines: str, encoding: str = "utf-8") -> tuple[convert_table.Row, ...]:
    return convert_table.read("\n".join(lines).encode(encoding), "t.csv")


def convert(text: str, *lines: str, set_totals: bool = False) -> convert_bodies.Result:
    return convert_bodies.converted(text, "p.yaml", table(*lines), "t.csv", set_totals=set_totals)


def listed(text: str) -> list[str]:
    return text.partition("subTenants:\n")[2].splitlines()


def refused(text: str, *lines: str) -> list[str]:
    with pytest.raises(errors.InvalidInput) as caught:
        convert(text, *lines)
    return list(caught.value.details)


def test_the_example_table_is_the_example() -> None:
    rows = convert_table.load(TABLE)
    done = convert_bodies.converted(PLK, "plk-lao.yaml", rows, "t", set_totals=False)
    assert done.conversion.text == PLK
    assert (done.conversion.changes, done.removed, done.totals) == ((), (), ())


def test_57_rows_become_the_57_bodies_of_the_example_in_a_started_programme() -> None:
    answers = {
        "id": "plk-lao", "nameTh": "อปท. พิษณุโลก", "nameEn": "Phitsanulok", "users": 1046,
        "domain": "plk-lao.example.go.th", "provinceCode": "TH-65", "bodies": 57,
    }  # fmt: skip
    started = init.text("province-programme", answers, today=date(2025, 6, 13))
    started = started.replace("body: plk-lao-001", "body: plk-001")
    rows = convert_table.load(TABLE)
    done = convert_bodies.converted(started, "new.yaml", rows, "t", set_totals=False)
    assert manifest.loads(done.conversion.text).tenancy.sub_tenants == (
        samples.example("plk-lao").tenancy.sub_tenants
    )
    assert (done.removed, done.totals) == ((), ())
    assert done.conversion.notes == ("57 draft(s) go: no row took their place",)


def test_rows_without_ids_take_the_drafts_of_a_started_programme_in_order() -> None:
    done = convert(
        small(ONE, DRAFT, "{id: p-004, nameTh: (อปท. 4), users: 50}"),
        "ชื่อหน่วยงาน,จำนวนผู้ใช้", "อบต. ง,60", "เทศบาล ก,100", "อบต. จ,70", "อบต. ฉ,80",
    )  # fmt: skip
    assert listed(done.conversion.text) == [
        "    - {id: p-001, nameTh: เทศบาล ก, users: 100}   # 1",
        "    - {id: p-003, nameTh: อบต. ง, users: 60}   # 2",
        "    - {id: p-004, nameTh: อบต. จ, users: 70}   # 3",
        "    - {id: p-005, nameTh: อบต. ฉ, users: 80}",
    ]


def test_values_change_in_place_and_ids_and_comments_stay() -> None:
    done = convert(
        small(ONE, TWO),
        "id,nameTh,users,certificateName,ecms",
        "p-002,เทศบาล ค,๑๕๑,,15002",
        ",เทศบาล ก,100,ก. ก,",
    )
    code = '{ministryCode: "15", departmentCode: "15002"}'
    assert listed(done.conversion.text) == [
        "    - {id: p-001, nameTh: เทศบาล ก, users: 100, certificateName: ก. ก}   # 1",
        f"    - {{id: p-002, nameTh: เทศบาล ค, users: 151, ecms: {code}}}   # 2",
    ]
    assert [(c.field.split(" ")[0], c.before, c.after) for c in done.conversion.changes] == [
        ("tenancy.subTenants[1].nameTh", "เทศบาล ข", "เทศบาล ค"),
        ("tenancy.subTenants[1].users", "150", "151"),
        ("tenancy.subTenants[1].ecms", "", code),
        ("tenancy.subTenants[0].certificateName", "", "ก. ก"),
    ]


def test_bodies_written_over_several_lines_are_changed_there() -> None:
    text = small(
        "id: p-001   # never changes\n      nameTh: เทศบาล ก\n      users: 100   # of 2025\n"
        '      ecms:\n        ministryCode: "15"\n        departmentCode: "15001"',
        TWO,
    )
    done = convert(text, "id,nameTh,users,ecms,certificateName", "p-001,เทศบาล ก,101,15009,ก. ก")
    assert listed(done.conversion.text) == [
        "    - id: p-001   # never changes",
        "      nameTh: เทศบาล ก",
        "      users: 101   # of 2025",
        "      ecms:",
        '        ministryCode: "15"',
        '        departmentCode: "15009"   # 1',
        "      certificateName: ก. ก",
    ]
    assert done.removed == ("p-002 เทศบาล ข",)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (", subTenants: []", ", subTenants: [{id: culture-001, nameTh: เทศบาล ก, users: 300}]"),
        ("", ", subTenants: [{id: culture-001, nameTh: เทศบาล ก, users: 300}]"),
        (
            ", subTenants: [{id: x, nameTh: ก, users: 1}, {id: y, nameTh: (ข), users: 2}, {id: z}]",
            ", subTenants: [{id: y, nameTh: เทศบาล ก, users: 300}]",
        ),
    ],
    ids=["empty", "absent", "in one line"],
)
def test_a_list_in_one_line_stays_in_one_line(before: str, after: str) -> None:
    done = convert(in_one_line(before), "nameTh,users", "เทศบาล ก,300")
    assert done.conversion.text == in_one_line(after)


def test_a_block_without_a_list_gets_one() -> None:
    text = small(ONE).partition("  subTenants:")[0]
    done = convert(text, "id,nameTh,users", "a,เทศบาล ก,200", ",เทศบาล ข,100")
    assert listed(done.conversion.text) == [
        "    - {id: a, nameTh: เทศบาล ก, users: 200}",
        "    - {id: culture-001, nameTh: เทศบาล ข, users: 100}",
    ]


def test_what_the_table_lacks_is_told() -> None:
    done = convert(small(ONE, TWO, DRAFT), "id,nameTh,users", "p-009,เทศบาล ง,300")
    assert done.removed == ("p-001 เทศบาล ก", "p-002 เทศบาล ข")
    assert done.conversion.notes[0] == "1 draft(s) go: no row took their place"
    assert listed(done.conversion.text) == ["    - {id: p-009, nameTh: เทศบาล ง, users: 300}"]


def test_sums_are_compared_and_set_when_asked_for() -> None:
    text = small(ONE, TWO, DRAFT) + "bodies: {onboarded: 3, total: 3}\n"
    rows = ("id,nameTh,users", *(f"p-{n:03},เทศบาล {n},120" for n in range(1, 5)))
    expected = (
        ("users.initial", 300, 480),
        ("users.target", 400, 480),
        ("bodies.onboarded", 3, 4),
        ("bodies.total", 3, 4),
    )
    kept = convert(text, *rows)
    assert kept.totals == expected
    assert manifest.loads(kept.conversion.text).users.initial == 300
    done = convert(text, *rows, set_totals=True)
    assert done.totals == expected
    built = manifest.loads(done.conversion.text)
    assert (built.users.initial, built.users.target) == (480, 480)
    assert built.bodies is not None
    assert (built.bodies.onboarded, built.bodies.total) == (4, 4)


def test_rows_that_contradict_the_manifest_are_all_named() -> None:
    short = "give an official short form in the column certificateName"
    assert refused(
        small(ONE, TWO),
        "ลำดับ,รหัส,ชื่อ,ผู้ใช้",
        "1,p-007,เทศบาล ก,100",
        "2,p-002,เทศบาล ค,100",
        "3,,เทศบาล ข,100",
        f"4,,{'ย' * 65},100",
    ) == [
        "t.csv:2:2: id: the manifest knows 'เทศบาล ก' as p-001 (write p-001: an id stays)",
        "t.csv:4:3: nameTh: p-002 has a row already (one body has one row; compare names and ids)",
        f"t.csv:5:3: nameTh: is longer than 64 characters ({short})",
    ]


def test_only_a_pooled_programme_takes_bodies() -> None:
    with pytest.raises(errors.InvalidInput) as caught:
        convert(samples.text(), "nameTh,users", "เทศบาล ก,300")
    assert caught.value.message == "p.yaml can take no bodies"
    assert caught.value.problems[0].message == "is 'dedicated': only pooled has bodies"


def test_a_result_that_is_no_manifest_is_refused() -> None:
    with pytest.raises(errors.InvalidInput) as caught:
        convert(PLK, "id,nameTh,users", "x,เทศบาล ก,300")
    assert caught.value.problems[0].message == "no body has the id 'plk-001'"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "tis-620", "cp874"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_is_read_as_spreadsheets_save_it(encoding: str, delimiter: str) -> None:
    text = 'ลำดับ|ชื่อ อปท.|จำนวนผู้ใช้งาน (คน)|รหัส e-CMS\r\n1|"เทศบาล ""ก"""|1046||\r\n\r\n|||\r\n'
    text = text.replace(" (คน)", "").replace("|", delimiter)
    (row,) = convert_table.read(text.encode(encoding), "t.csv")
    assert (row.number, row.id, row.body) == (2, "", {"nameTh": 'เทศบาล "ก"', "users": 1046})
    assert row.columns == {"nameTh": 2, "users": 3, "ecms": 4}


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("19", 19), ("๑๙", 19), ("1,046", 1046), ("๑,๐๔๖", 1046), (" 7 ", 7)],
)
def test_numbers_as_people_write_them(cell: str, expected: int) -> None:
    (row,) = table("nameTh;users", f"เทศบาล ก;{cell}")
    assert row.body["users"] == expected


COLUMNS = (
    "id, nameTh (ชื่อหน่วยงาน), users (จำนวนผู้ใช้), certificateName (ชื่อในใบรับรอง), ecms (รหัส e-CMS)"
)


def test_every_bad_cell_is_named_at_once() -> None:
    with pytest.raises(errors.InvalidInput) as caught:
        table(
            "id,nameTh,users,ecms",
            "P1,เทศบาล ก,3,",
            "p2,=HYPERLINK(1),3,",
            "p3,Municipality,x,1",
            "p4,เทศบาล\u2028ค,0,",
            'p5,"เทศบาล\nง",4,',
            ",รวมทั้งสิ้น,1046,",
            "p6,เทศบาล จ,-5,",
            "p6,เทศบาล ฉ,1.046,,more",
            "p7,เทศบาล ช,7,",
            "p7,เทศบาล ช,7,",
        )
    problems = [(p.where(), p.field, p.message) for p in caught.value.problems]
    assert problems == [
        ("t.csv:2:1", "id", 'is not a usable id, got "P1"'),
        ("t.csv:3:2", "nameTh", "begins with '=', which a spreadsheet takes for a formula"),
        ("t.csv:4:2", "nameTh", 'has no Thai letter, got "Municipality"'),
        ("t.csv:4:3", "users", 'expected a whole number, got "x"'),
        ("t.csv:4:4", "ecms", 'does not have the expected form, got "1"'),
        ("t.csv:5:2", "nameTh", "holds the invisible character U+2028"),
        ("t.csv:6:2", "nameTh", "holds the invisible character U+000A"),
        ("t.csv:7:2", "nameTh", "is a row of totals, no body"),
        ("t.csv:8:3", "users", "begins with '-', which a spreadsheet takes for a formula"),
        ("t.csv:9:5", "", "stands in a column without a name"),
        ("t.csv:11:1", "id", "'p7' stands in row 10 already"),
        ("t.csv:11:2", "nameTh", "'เทศบาล ช' stands in row 10 already"),
    ]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            ("nameTh,user,fax",),
            [
                f"t.csv:1:1: users: this column is missing (columns are {COLUMNS})",
                f"t.csv:1:2: unknown column 'user' (did you mean 'users'? known: {COLUMNS})",
                f"t.csv:1:3: unknown column 'fax' (delete it; known: {COLUMNS})",
            ],
        ),
        (
            ("nameTh,users,name",),
            ["t.csv:1:3: nameTh: the column stands there twice (delete one)"],
        ),
        (("nameTh,users",), [f"t.csv:1:1: there is no body in it (columns are {COLUMNS})"]),
        (("",), [f"t.csv:1:1: there is no body in it (columns are {COLUMNS})"]),
        (
            ("nameTh,users", '"เทศบาล ก,3', "เทศบาล ข,4"),
            ["t.csv:2:1: not a table: unexpected end of data (check its quotes)"],
        ),
    ],
)
def test_a_table_that_is_none_is_refused(lines: tuple[str, ...], expected: list[str]) -> None:
    with pytest.raises(errors.InvalidInput) as caught:
        table(*lines)
    assert list(caught.value.details) == expected


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("nameTh,users\nเทศบาล ก,3\n".encode("utf-16"), "t.csv is encoded in UTF-16"),
        ("nameTh,users\nเทศบาล ก,3\nเ".encode()[:-1], "t.csv is not UTF-8 in line 3"),
        (b"nameTh,users\n\xa1\xdb,3\n", "t.csv is neither UTF-8 nor TIS-620"),
    ],
)
def test_bytes_that_are_no_text_are_refused(raw: bytes, message: str) -> None:
    with pytest.raises(errors.InvalidInput) as caught:
        convert_table.read(raw, "t.csv")
    assert caught.value.message == message
    assert caught.value.resolution == "Save the table as 'CSV UTF-8' in the spreadsheet."


def test_a_table_of_more_than_a_programme_holds_is_refused() -> None:
    with pytest.raises(errors.InvalidInput) as caught:
        table("nameTh,users", *(f"เทศบาล {number},1" for number in range(20_000)))
    assert [(p.line, p.message) for p in caught.value.problems] == [
        (10_002, "more than 10,000 bodies")
    ]


def test_a_file_that_is_not_there_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.InvalidInput, match="No such file"):
        convert_table.load(tmp_path / "none.csv")
    with pytest.raises(errors.InvalidInput, match="Is a directory"):
        convert_table.load(tmp_path)
    large = tmp_path / "large.csv"
    large.write_bytes(b"a" * (convert_table.MAX_BYTES + 1))
    with pytest.raises(errors.InvalidInput, match="larger than 4096 KiB"):
        convert_table.load(large)


NAMES = st.text(st.characters(codec="utf-8", min_codepoint=0x20), max_size=30).map(
    lambda s: "อ" + s
)
ROWS = st.lists(
    st.tuples(
        st.one_of(st.just(""), st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)),
        NAMES,
        st.integers(1, 500),
    ),
    min_size=1,
    max_size=12,
    unique_by=(lambda row: row[0] or row[1], lambda row: row[1].strip()),
)


@settings(max_examples=150, deadline=None)
@given(ROWS, st.sampled_from([small(ONE, TWO, DRAFT), PLK]))
def test_any_table_is_refused_or_becomes_exactly_its_bodies(
    rows: list[tuple[str, str, int]], text: str
) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([("id", "nameTh", "users"), *rows])
    try:
        read = convert_table.read(out.getvalue().encode(), "t.csv")
        done = convert_bodies.converted(text, "p.yaml", read, "t.csv", set_totals=True)
    except errors.InvalidInput:
        return
    built = manifest.loads(done.conversion.text)
    told: dict[str, Any] = {row.name: row for row in read}
    assert {body.name_th for body in built.tenancy.sub_tenants} == set(told)
    before = {body.name_th: body.id for body in manifest.loads(text).tenancy.sub_tenants}
    for body in built.tenancy.sub_tenants:
        assert body.users == told[body.name_th].body["users"]
        assert told[body.name_th].id in ("", body.id)
        assert before.get(body.name_th, body.id) == body.id
    assert built.users.initial == sum(row.body["users"] for row in read)
    kept = manifest.loads(text).model_dump(exclude={"users", "bodies", "tenancy"})
    assert built.model_dump(exclude={"users", "bodies", "tenancy"}) == kept
