"""GitHub as the workflow's own job sees it: its event, its summary and outputs, and comments and issues through `gh`.

Everything here is a courtesy around a run that has its own exit code: what cannot be posted is told as a warning.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.operations.git import without_credentials

BOT = "github-actions[bot]"
"""Who posts with a workflow's own token. A marker in anybody else's comment counts for nothing."""

_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_PAGES, _PER_PAGE = 20, 100


class NotPosted(Exception):
    """GitHub, or the way to it, said no: a fork's token, a missing permission, no `gh`."""


@dataclass(frozen=True)
class Job:
    """The running job. Outside GitHub all of it is empty, and nothing is posted or written."""

    environ: Mapping[str, str]

    @property
    def commit(self) -> str:
        """The commit that the workflow runs on."""
        return self.environ.get("GITHUB_SHA", "")

    def pull_request(self) -> int | None:
        """The number of the pull request that the workflow runs for."""
        path = self.environ.get("GITHUB_EVENT_PATH")
        event = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
        number = (event.get("pull_request") or {}).get("number")
        return number if isinstance(number, int) else None

    def summarise(self, page: str) -> None:
        """Put Markdown below the job; GitHub takes 1 MiB of it."""
        self._append("GITHUB_STEP_SUMMARY", f"{page}\n")

    def put(self, **outputs: object) -> None:
        """Set the step's outputs; `_` in a name stands for `-`. Values are digests, counts and paths: one line each."""
        for name, value in outputs.items():
            self._append("GITHUB_OUTPUT", f"{name.replace('_', '-')}={' '.join(str(value).split())}\n")

    def _append(self, variable: str, text: str) -> None:
        if path := self.environ.get(variable):
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(text)

    # ---- comments and issues ----

    def say(self, number: int, marker: str, page: str) -> None:
        """Post the page on the pull request, over the earlier one with the same marker. Raises NotPosted."""
        found = self.comment(number, marker)
        if found is None:
            self.add_comment(number, page)
        else:
            self._api("PATCH", f"issues/comments/{int(found['id'])}", {"body": page})

    def add_comment(self, number: int, page: str) -> None:
        """Post on a pull request or an issue. Raises NotPosted."""
        self._api("POST", f"issues/{number}/comments", {"body": page})

    def comment(self, number: int, marker: str) -> dict[str, Any] | None:
        """This job's own comment on a pull request. Raises NotPosted."""
        return self._own(f"issues/{number}/comments", marker)

    def issue(self, marker: str) -> dict[str, Any] | None:
        """This job's own open issue. Raises NotPosted."""
        return self._own("issues?state=open", marker)

    def open_issue(self, title: str, page: str) -> None:
        """Raises NotPosted."""
        self._api("POST", "issues", {"title": title, "body": page})

    def change_issue(self, number: int, **values: str) -> None:
        """Raises NotPosted."""
        self._api("PATCH", f"issues/{number}", values)

    def move_branch(self, branch: str, commit: str) -> None:
        """Move a branch forward to a commit that GitHub has, or make it: never by force. Raises NotPosted."""
        try:
            self._api("PATCH", f"git/refs/heads/{branch}", {"sha": commit, "force": False})
        except NotPosted as refused:
            try:
                self._api("POST", "git/refs", {"ref": f"refs/heads/{branch}", "sha": commit})
            except NotPosted:
                raise refused from None

    def merged_as(self, commit: str) -> int | None:
        """The pull request whose merge made the commit. Raises NotPosted."""
        if not re.fullmatch(r"[0-9a-f]{40,64}", commit):
            return None
        for each in self._pages(f"commits/{commit}/pulls"):
            if each.get("merged_at") and each.get("merge_commit_sha") == commit:
                return int(each["number"])
        return None

    def _own(self, path: str, marker: str) -> dict[str, Any] | None:
        """The first that was posted by a workflow and begins with the marker."""
        for each in self._pages(path):
            author = (each.get("user") or {}).get("login")
            if author == BOT and "pull_request" not in each and str(each.get("body")).splitlines()[:1] == [marker]:
                return each
        return None

    def _pages(self, path: str) -> Iterator[dict[str, Any]]:
        joint = "&" if "?" in path else "?"
        for page in range(1, _PAGES + 1):
            rows = self._api("GET", f"{path}{joint}per_page={_PER_PAGE}&page={page}")
            yield from rows
            if len(rows) < _PER_PAGE:
                return

    def _api(self, method: str, path: str, values: Mapping[str, str | bool] | None = None) -> Any:
        repository = self.environ.get("GITHUB_REPOSITORY", "")
        if not _REPOSITORY.fullmatch(repository):
            raise NotPosted("GITHUB_REPOSITORY names no repository")
        words = ["gh", "api", "--method", method, f"repos/{repository}/{path}"]
        try:
            done = subprocess.run(  # noqa: S603 - no shell; texts go through standard input
                words if values is None else [*words, "--input", "-"],
                input=None if values is None else json.dumps(values),
                env=without_credentials(self.environ),
                capture_output=True,
                text=True,
                encoding="utf-8",
                timeout=60,
                check=True,
            )
            return json.loads(done.stdout)
        except subprocess.CalledProcessError as error:
            raise NotPosted(str(error.stderr).strip() or f"gh ended with {error.returncode}") from error
        except (OSError, subprocess.TimeoutExpired, ValueError) as error:
            raise NotPosted(str(error)) from error
