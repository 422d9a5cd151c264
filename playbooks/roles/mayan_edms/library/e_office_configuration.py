"""Ansible module: bring running e-Office instances to the wishes in a file.

One call for all of an agency's instances. The adapter of the product does the work, so the module
runs under the Python of onboard itself; it adds the account, which it reads from Vault.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import requests
from ansible.module_utils.basic import AnsibleModule

from onboarding import errors, https, patience, product_api

DOCUMENTATION = r"""
module: e_office_configuration
short_description: Configure e-Office instances over their API
description:
  - Makes every wish of I(run) true that is not, and says of each whether it changed anything.
  - What was made before a failure is told too, as C(done).
options:
  run: {type: path, required: true, description: The instances and what is wished of each.}
"""


def account(vault: dict[str, str], path: str) -> product_api.Account:
    """The account at a path, read with the token of this run alone."""
    token = Path(vault["tokenFile"]).read_text(encoding="utf-8")
    with https.session(https.trusting(Path(vault["caFile"])), connections=1) as session:
        answer = session.get(
            f"{vault['address'].rstrip('/')}/v1/{path}",
            headers={"X-Vault-Token": token},
            timeout=(5, 30),
            allow_redirects=False,
        )
    if not answer.ok:
        raise errors.Denied(
            f"the account at {path} in Vault cannot be read: {answer.status_code}",
            resolution="Plan and apply again: Vault's engine makes it.",
        )
    said = answer.json()["data"]["data"]
    return product_api.Account(said["username"], said["password"])


def configure(run: dict[str, Any], done: list[bool]) -> None:
    access = product_api.of(run["product"])
    # Before anything is written: the token lives for minutes, a first start may take longer.
    accounts = {i["namespace"]: account(run["vault"], i["secret"]) for i in run["instances"]}
    for instance in run["instances"]:
        place = product_api.Place(
            instance["namespace"],
            instance["address"],
            Path(instance["caFile"]),
            patience.Limits(**run["limits"]),
            instance["gateway"],
        )
        wishes = [product_api.Wish(**wish) for wish in instance["wishes"]]
        access.write(
            place,
            accounts[instance["namespace"]],
            run["agency"],
            wishes,
            lambda _, changed: done.append(changed),
        )


def main() -> None:
    module = AnsibleModule(argument_spec={"run": {"type": "path", "required": True}})
    done: list[bool] = []
    try:
        configure(json.loads(Path(module.params["run"]).read_text(encoding="utf-8")), done)
    except errors.OnboardError as failed:
        module.fail_json(msg=str(failed), resolution=failed.resolution, done=done)
    except (OSError, requests.RequestException) as failed:
        module.fail_json(msg=f"{type(failed).__name__}: {failed}", done=done)
    module.exit_json(changed=any(done), done=done)


if __name__ == "__main__":
    main()
