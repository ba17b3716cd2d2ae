"""Where pipelines get reconciler from: one word for pip, written into each of them by `init --ci`.

A name that an index may not have, or that a stranger could take there, is never written without saying so.
"""

from __future__ import annotations

import json
import re
from importlib.metadata import PackageNotFoundError, distribution

from reconciler._version import __version__
from reconciler.core.errors import WrongUsage

PACKAGE = "visma-reconciler"
EXAMPLE = f"{PACKAGE}=={__version__}"
"""What the examples in `examples/ci` install."""

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*(?:\[[A-Za-z0-9._,-]+\])?"
_PATH = r"[A-Za-z0-9._~%+/-]+"
_HOST = r"[A-Za-z0-9.-]+(?::[0-9]+)?"
_INDEX = re.compile(rf"{_NAME}==[A-Za-z0-9.+!-]+")
_FILE = re.compile(rf"(?:{_NAME} @ )?https://{_HOST}/{_PATH}\.(?:whl|tar\.gz|zip)(?:#sha256=[0-9a-f]{{64}})?")
_GIT = re.compile(rf"(?:{_NAME} @ )?git\+(?:https://|ssh://git@){_HOST}/{_PATH}@[0-9a-f]{{40}}")
_REMEDY = (
    "Give NAME==VERSION, the https address of a wheel, or git+https://HOST/PATH@COMMIT with the commit's 40 digits."
)


def check_install(spec: str) -> None:
    """Raise WrongUsage for what is not pinned, holds credentials, or could mean something to YAML or a shell."""
    if any(form.fullmatch(spec) for form in (_INDEX, _FILE, _GIT)):
        return
    word = spec.replace("ssh://git@", "ssh://")
    problem = next((problem for form, problem in _PROBLEMS if re.match(form, word)), "pipelines take no such word")
    raise WrongUsage(f"--install cannot be {spec!r}: {problem}", remedy=_REMEDY)


_PROBLEMS = (
    (r".*[\s\"'$`;&|\\]|-", "pipelines take no such word"),
    (rf"{_NAME}$", "it has no version, so each job could install another one"),
    (rf"{_NAME}(?:[<>~!]|=.*[,*])", "it is a range of versions, so each job could install another one"),
    (r".*//[^/]*@[^/]*/", "it holds credentials, and would be committed with the pipelines"),
    (r".*git\+", "it names no commit, and a branch or a tag can be moved"),
    (r"http://", "it comes over plain http, and whoever is on the way could change it"),
    (r"https://", "it is neither a wheel (.whl) nor an archive (.tar.gz or .zip)"),
    (r"file:|[.~]?/|[A-Za-z]:|.*\.(?:whl|tar\.gz|zip)$", "it is a file of this machine, which the jobs do not have"),
)
"""What is wrong with a word that is no source, by the form of the word; the first form that fits counts."""


def own_source() -> str | None:
    """Where this reconciler was installed from, if that is a commit or a file that others can reach (PEP 610)."""
    try:
        direct_url = distribution(PACKAGE).read_text("direct_url.json")
        origin = json.loads(direct_url) if direct_url else {}
        url, commit = str(origin.get("url", "")), origin.get("vcs_info", {}).get("commit_id")
        digest = origin.get("archive_info", {}).get("hashes", {}).get("sha256")
    except (PackageNotFoundError, ValueError, AttributeError):
        return None
    spec = f"git+{url}@{commit}" if commit else f"{url}#sha256={digest}" if digest else url
    try:
        check_install(spec)
    except WrongUsage:
        return None
    return spec


def with_postgres(spec: str) -> str:
    """The same with what a shared state needs.

    >>> with_postgres("visma-reconciler==0.1.0")
    'visma-reconciler[postgres]==0.1.0'
    """
    name, version = re.fullmatch(r"(?:([^@/=]+?)(?===| @ ))?(.+)", spec).groups()  # type: ignore[union-attr]  # it fits all
    if name is None:
        return f"{PACKAGE}[postgres] @ {spec}"
    bare, _, extras = name.removesuffix("]").partition("[")
    wanted = dict.fromkeys(filter(None, (*extras.split(","), "postgres")))
    return f"{bare}[{','.join(wanted)}]{version}"


def is_from_index(spec: str) -> bool:
    """Whether whoever owns a name on an index decides what is installed."""
    return bool(_INDEX.fullmatch(spec))


def told_source(spec: str) -> str:
    """Where the pipelines install from, for whoever is to merge them."""
    if not is_from_index(spec):
        return f"The pipelines install reconciler from {spec}"
    return (
        f"The pipelines install {spec} from the index that pip is configured with where they run. Make sure that this"
        " index is yours (PIP_INDEX_URL): a public one may not have it, or a stranger may own the name. For a wheel or"
        " a commit of your own: --install SPEC."
    )
