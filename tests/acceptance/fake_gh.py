#!/usr/bin/env python3
"""Stands for GitHub's `gh api` in tests: the service itself cannot be had. Keeps what it was told in $FAKE_GITHUB.

The file: {"comments": {pull request: [...]}, "issues": [...], "merged": {commit: pull request}, "refuses": bool,
"branches": {name: commit}, "newer": whether a branch stands at a later commit, "log": [...]}.
"""

import json
import os
import re
import sys
from pathlib import Path

BOT = {"login": "github-actions[bot]", "type": "Bot"}


def answer(state: dict, method: str, path: str, values: dict) -> object:
    path, _, query = path.partition("?")
    page = int(dict(part.split("=") for part in query.split("&") if part).get("page", 1))
    match [method, *path.removeprefix("repos/acme/customers/").split("/")]:
        case ["GET", "issues", number, "comments"]:
            return state["comments"].get(number, [])[100 * (page - 1) : 100 * page]
        case ["POST", "issues", number, "comments"]:
            every = [each for found in state["comments"].values() for each in found]
            state["comments"].setdefault(number, []).append({"id": len(every) + 1, "user": BOT, **values})
        case ["PATCH", "issues", "comments", number]:
            every = [each for found in state["comments"].values() for each in found]
            next(each for each in every if each["id"] == int(number)).update(values)
        case ["GET", "issues"]:
            return [each for each in state["issues"] if each["state"] == "open"][100 * (page - 1) : 100 * page]
        case ["POST", "issues"]:
            state["issues"].append({"number": len(state["issues"]) + 1, "user": BOT, "state": "open", **values})
        case ["PATCH", "issues", number]:
            state["issues"][int(number) - 1].update(values)
        case ["PATCH", "git", "refs", "heads", *name] if "/".join(name) in state["branches"]:
            if state["newer"] and not values["force"]:
                sys.exit("gh: Update is not a fast forward (HTTP 422)")
            state["branches"]["/".join(name)] = values["sha"]
        case ["POST", "git", "refs"]:
            if values["ref"].removeprefix("refs/heads/") in state["branches"]:
                sys.exit("gh: Reference already exists (HTTP 422)")
            state["branches"][values["ref"].removeprefix("refs/heads/")] = values["sha"]
        case ["GET", "commits", commit, "pulls"]:
            number = state["merged"].get(commit)
            merged = {"number": number, "merged_at": "2026-01-31T12:00:00Z", "merge_commit_sha": commit}
            return [] if number is None else [merged]
        case _:
            sys.exit(f"gh: Not Found (HTTP 404): {method} {path}")
    return {}


def main() -> None:
    words = sys.argv[1:]
    assert words[:2] == ["api", "--method"], words
    assert re.fullmatch(r"[\w/?&=.-]+", words[3]), words
    values = json.loads(sys.stdin.buffer.read()) if words[4:] == ["--input", "-"] else {}
    file = Path(os.environ["FAKE_GITHUB"])
    state = json.loads(file.read_text(encoding="utf-8"))
    state["log"].append(f"{words[2]} {words[3].partition('?')[0]}")
    if state["refuses"] or not os.environ.get("GH_TOKEN"):
        file.write_text(json.dumps(state), encoding="utf-8")
        sys.exit("gh: Resource not accessible by integration (HTTP 403)")
    found = answer(state, words[2], words[3], values)
    file.write_text(json.dumps(state), encoding="utf-8")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
