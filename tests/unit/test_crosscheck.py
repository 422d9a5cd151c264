"""What several manifests show together, named with both files and lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from onboarding import crosscheck, errors, manifest, tenant
from tests.unit import folders


def concluded(*paths: Path) -> crosscheck.Concluded:
    together = crosscheck.Crosscheck()
    for path in paths:
        together.add(path, tenant.resolve(manifest.load(path)))
    return together.conclude()


def line(path: Path, word: str) -> str:
    """``file:line`` of the first line that holds ``word`` in quotes."""
    lines = path.read_text(encoding="utf-8").splitlines()
    number = next(n for n, text in enumerate(lines, 1) if f'"{word}"' in text)
    return f"{path}:{number}"


def told(problem: errors.Problem) -> str:
    return f"{problem.path}:{problem.line} {problem.message}"


def test_manifests_of_different_agencies_show_nothing(tmp_path: Path) -> None:
    one, two = folders.write(tmp_path, "one"), folders.write(tmp_path, "two")
    assert concluded(one, two) == crosscheck.Concluded((), ())


def test_one_agency_in_two_files_is_told_once(tmp_path: Path) -> None:
    one = folders.write(tmp_path, "one")
    copy = tmp_path / "copy.yaml"
    copy.write_text(one.read_text(encoding="utf-8"), encoding="utf-8")
    (problem,) = concluded(one, copy).problems
    assert told(problem).startswith(f"{line(copy, 'id')} the agency 'one' is claimed by another")
    assert f"{line(one, 'id')}:" in problem.message


CODES = {"ministryCode": "21", "departmentCode": "21002"}


@pytest.mark.parametrize(
    ("changes", "word", "message"),
    [
        ({"agency__domains": ["same.go.th"]}, "same.go.th", "domain 'same.go.th'"),
        ({"agency__ecms": CODES}, "departmentCode", "e-CMS department code '21002'"),
        (
            {"agency__organizationId": "0993000086848"},
            "organizationId",
            "organization id '0993000086848'",
        ),
    ],
    ids=["domain", "e-CMS code", "organization id"],
)
def test_a_clash_names_both_files_and_lines(
    tmp_path: Path, changes: dict[str, Any], word: str, message: str
) -> None:
    one = folders.write(tmp_path, "one", **changes)
    two = folders.write(tmp_path, "two", **changes)
    (problem,) = concluded(one, two).problems
    assert told(problem).startswith(f"{line(two, word)} {message} is claimed by one (")
    assert f"{line(one, word)}:" in problem.message


def test_three_files_with_one_domain_are_two_problems(tmp_path: Path) -> None:
    domains = {"agency__domains": ["same.go.th"]}
    files = [folders.write(tmp_path, name, **domains) for name in ("one", "two", "three")]
    assert [p.path for p in concluded(*files).problems] == [str(files[1]), str(files[2])]


def test_a_shard_and_an_agency_with_the_same_namespace_clash(tmp_path: Path) -> None:
    shards = [{"id": "moph-central", "nameTh": "ส่วนกลาง", "users": 300}]
    tenancy = {"isolation": "federated", "environments": ["prod"], "shards": shards}
    federated = folders.write(tmp_path, "moph", tenancy=tenancy)
    other = folders.write(tmp_path, "moph-central")
    (problem,) = concluded(federated, other).problems
    assert problem.message.startswith(
        "namespace or OIDC client 'ga-moph-central-prod' is claimed by moph ("
    )
    assert f"{line(federated, 'moph-central')}:" in problem.message


def _system(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": "one-stop-service", "dataClass": "open", "users": 5, **more}


def _companies(name: str) -> dict[str, Any]:
    """A system that companies sign in to."""
    places = {key: f"https://id.go.th/{key}" for key in JURISTIC}
    return _system(name, oneStopService={"juristicId": {"permitRef": "1/2569", **places}})


JURISTIC = ("issuer", "authorizationUrl", "tokenUrl", "jwksUrl")
POPULATION = {
    "kind": "public-access", "nameTh": "ประชาชน", "accessPoints": 1, "users": 5,
}  # fmt: skip


@pytest.mark.parametrize(
    ("one", "changes", "two", "others", "clash", "field"),
    [
        (
            "dga", {"systems": [_companies("biz-portal")]},
            "dga-biz", {"systems": [_companies("portal")]},
            "identity provider 'dga-biz-portal-juristic'", "systems[0].name ",
        ),
        (
            "one", {"systems": [_system("public")]},
            "one-prod", {"populations": [POPULATION]},
            "namespace or OIDC client 'ga-one-prod-public'", "metadata.id ",
        ),
        (
            "one", {"systems": [_system("link-x")]},
            "one-prod", {"links": [{**folders.LINK, "id": "x"}]},
            "namespace or OIDC client 'ga-one-prod-link-x'", "links[0].id ",
        ),
        (
            "one", {"links": [{**folders.LINK, "id": "link-b"}]},
            "one-link", {"links": [{**folders.LINK, "id": "b"}]},
            "namespace or OIDC client 'ga-one-link-link-b'", "links[0].id ",
        ),
    ],
    ids=["juristic ids", "public client", "link and namespace", "two links"],
)  # fmt: skip
def test_made_names_that_are_alike_clash_once(
    tmp_path: Path,
    one: str,
    changes: dict[str, Any],
    two: str,
    others: dict[str, Any],
    clash: str,
    field: str,
) -> None:
    first = folders.write(tmp_path, one, **changes)
    (problem,) = concluded(first, folders.write(tmp_path, two, **others)).problems
    assert problem.message.startswith(f"{clash} is claimed by {one} (")
    assert f"{first}:" in problem.message
    assert problem.field.startswith(field)


def test_a_body_of_two_programmes_is_told_with_both_lines(tmp_path: Path) -> None:
    one = folders.write(tmp_path, "one", **folders.pooled("town", "hill"))
    two = folders.write(tmp_path, "two", **folders.pooled("lake", "town"))
    concluded_ = concluded(one, two)
    (problem,) = concluded_.problems
    assert told(problem).startswith(f"{line(two, 'town')} id 'town' is claimed by one (")
    assert f"{line(one, 'town')}:" in problem.message
    (note,) = concluded_.notes
    assert "has the same name and province as one of one (" in note.message


def test_a_body_that_is_an_agency_of_its_own_clashes(tmp_path: Path) -> None:
    agency = folders.write(tmp_path, "town")
    programme = folders.write(tmp_path, "one", **folders.pooled("town", "hill"))
    (problem,) = concluded(agency, programme).problems
    assert told(problem).startswith(f"{line(programme, 'town')} id 'town' is claimed by town (")


def test_bodies_with_one_e_cms_code_clash(tmp_path: Path) -> None:
    one = folders.write(tmp_path, "one", **folders.pooled("hill", ecms=CODES))
    two = folders.write(tmp_path, "two", **folders.pooled("lake", ecms=CODES))
    (problem,) = concluded(one, two).problems
    assert told(problem).startswith(f"{line(two, 'departmentCode')} e-CMS department code")


def test_a_parent_elsewhere_is_a_note_that_knows_a_slip(tmp_path: Path) -> None:
    ministry = folders.write(tmp_path, "culture")
    below = folders.write(tmp_path, "arts", agency__parent="culture")
    slip = folders.write(tmp_path, "books", agency__parent="cultur")
    found = concluded(ministry, below, slip)
    assert found.problems == ()
    (note,) = found.notes
    assert told(note) == f"{line(slip, 'parent')} no manifest of 'cultur' is among these files"
    assert note.remedy == "did you mean 'culture'?"


def test_a_parent_elsewhere_is_told_once(tmp_path: Path) -> None:
    names = ("arts", "books", "music")
    files = [folders.write(tmp_path, name, agency__parent="culture") for name in names]
    (note,) = concluded(*files).notes
    assert told(note) == (
        f"{line(files[0], 'parent')} no manifest of 'culture' is among these files,"
        " the parent of 2 more"
    )


def test_a_circle_of_parents_is_told_once_with_every_line(tmp_path: Path) -> None:
    files = [
        folders.write(tmp_path, name, agency__parent=above)
        for name, above in (("below", "one"), ("one", "two"), ("two", "three"), ("three", "one"))
    ]
    (problem,) = concluded(*files).problems
    assert told(problem).startswith(f"{line(files[1], 'parent')} an agency is above itself: ")
    assert "one → two → three → one" in problem.message
    assert f"{line(files[2], 'parent')}:" in problem.message


def test_an_agency_that_is_its_own_parent_is_refused(tmp_path: Path) -> None:
    (problem,) = concluded(folders.write(tmp_path, "one", agency__parent="one")).problems
    assert problem.message == "an agency is above itself: one → one"


def linked(folder: Path, *, mine: dict[str, Any], theirs: dict[str, Any] | None) -> list[Path]:
    own = {**folders.LINK, "peer": "arts", "direction": "out", **mine}
    peers = [] if theirs is None else [{**folders.LINK, "peer": "culture", **theirs}]
    return [
        folders.write(folder, "culture", links=[own]),
        folders.write(folder, "arts", links=peers),
    ]


def test_a_link_that_both_declare_alike_is_no_matter(tmp_path: Path) -> None:
    assert concluded(*linked(tmp_path, mine={}, theirs={"direction": "in"})) == (
        crosscheck.Concluded((), ())
    )


def test_a_link_that_the_sides_declare_differently_is_told_once(tmp_path: Path) -> None:
    one, two = linked(tmp_path, mine={}, theirs={"direction": "in", "basis": "consent"})
    (problem,) = concluded(one, two).problems
    assert problem.path == str(one)
    assert line(one, "basis") in problem.message
    assert line(two, "basis") in problem.message


def test_a_link_above_what_the_peer_may_hold_is_refused(tmp_path: Path) -> None:
    one, two = linked(
        tmp_path, mine={"class": "secret"}, theirs={"direction": "in", "class": "secret"}
    )
    (problem,) = concluded(one, two).problems
    assert "may hold confidential at most" in problem.message


@pytest.mark.parametrize("peer_is_here", [True, False])
def test_a_link_that_the_peer_does_not_declare_waits(tmp_path: Path, peer_is_here: bool) -> None:
    files = linked(tmp_path, mine={}, theirs=None)
    other = folders.write(tmp_path, "books")
    found = concluded(files[0], files[1] if peer_is_here else other)
    assert found.problems == ()
    (note,) = found.notes
    assert note.path == str(files[0])
    assert note.message.startswith("link 'patients' with arts: ")


def test_a_single_file_is_not_asked_for_the_others(tmp_path: Path) -> None:
    files = linked(tmp_path, mine={}, theirs=None)
    assert concluded(files[0]) == crosscheck.Concluded((), ())
