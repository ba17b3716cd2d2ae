"""The settings, `reconciler.yaml`, frozen: one environment of the file, and the process environment as passed in."""

from __future__ import annotations

import errno
import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

from reconciler.config.read import yaml_nodes
from reconciler.config.read.file_limits import BOUNDS, Bounds
from reconciler.config.read.files import display, read_bytes
from reconciler.config.read.interpolate import interpolate
from reconciler.config.read.messages import did_you_mean, quoted, shown
from reconciler.config.read.schema import load_schema
from reconciler.config.read.schema_errors import SETTINGS_CODES, Validator
from reconciler.config.read.typed_values import Reader
from reconciler.core.diagnostics import Diagnostic, Severity, Source, has_errors, in_order
from reconciler.core.errors import InvalidInput
from reconciler.core.shared_state import DEFAULT_SCHEMA, SharedState, has_password, is_shared
from reconciler.core.shared_state import url_problem as state_url_problem
from reconciler.core.snapshot import Policy as RefreshPolicy
from reconciler.core.stores import Stores
from reconciler.core.timeouts import LONGEST_ANSWER

FILE_NAME = "reconciler.yaml"
MUTES = "drift-mutes.yaml"
SANDBOX = "sandbox"
DEFAULT_ENVIRONMENT = "production"
KEEP_RUNS = 200

Limit: TypeAlias = "int | Fraction"
"""A number of customers, or a share of the managed ones."""

_INTERPOLATION_CODES = {"malformed": "S109", "unset": "S110", "refused": "S111"}
_SHARE = re.compile(r"([0-9]{1,3})(\.[0-9]{1,6})?%")
_HOST = re.compile(r"(?!-)[\w.-]+")
_AGE = re.compile(r"([0-9]{1,5})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_SECRET_VARIABLES = ("VISMA_CLIENT_SECRET", "VISMA_CLIENT_SECRET_FILE")
_BOUNDS = Bounds(file_size=2**20)
"""The settings say how much of other files is read, never of themselves."""

_CUSTOMERS = "customers/**/*.yaml"
_STATE = ".reconciler/state.db"
STATE_VARIABLE = "RECONCILER_STATE"


@dataclass(frozen=True, slots=True)
class Api:
    """The ERP's API. `timeout` and `longest_answer` are in seconds; `tenant_id` is None where neither file nor
    environment gives one; `stores` holds the forms in which the ERP keeps texts, by path pattern. `origins` says of
    `base_url` and `token_url` where they were given: a place in the file, or a variable's name."""

    base_url: str = "https://api.finance.visma.net"
    token_url: str = "https://connect.visma.com/connect/token"  # noqa: S105 (an address, not a token)
    tenant_id: str | None = None
    page_size: int = 1000
    parallelism: int = 4
    timeout: float = 60.0
    longest_answer: float = LONGEST_ANSWER
    clear_nullable: Literal["send-null", "refuse"] = "send-null"
    recheck_nested: bool = True
    stores: Stores = field(default_factory=dict)
    origins: Mapping[str, Source | str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read of what others made: of each file of declarations, and of the ERP's answers, in bytes."""

    files: Bounds = BOUNDS
    pages: int = 10_000
    answer_size: int = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Policy:
    """A JSON Schema that every action must satisfy, and what to say when one does not."""

    message: str
    schema: Mapping[str, Any] | bool
    name: str = ""
    source: Source | None = None
    severity: Literal["error", "warning"] = "error"


@dataclass(frozen=True, slots=True)
class Guards:
    """How much a plan may do without being forced, and what no plan may do."""

    updates: Limit = Fraction(30, 100)
    creates: Limit = 50
    policies: tuple[Policy, ...] = ()
    duplicates: Literal["warning", "error"] = "error"
    lookalikes: Literal["warning", "error"] = "warning"
    renumbers: Limit = 10


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one environment.

    `defaults` is the node that is laid under every declaration. `root` is the folder of the file, absolute; `state` is
    absolute too, one file for each environment, or a database that several share; `mutes` is the absolute path of the
    file of muted drift.
    """

    file: Path
    root: Path
    environment: str
    state: Path | SharedState
    version: int = 1
    company: str = ""
    api: Api = field(default_factory=Api)
    customers: tuple[str, ...] = (_CUSTOMERS,)
    defaults: yaml_nodes.Mapping | None = None
    ignore: tuple[str, ...] = ()
    guards: Guards = field(default_factory=Guards)
    on_removed: Literal["ignore", "deactivate"] = "ignore"
    nested_updates: Literal["leaf", "whole"] = "leaf"
    keep_runs: int = KEEP_RUNS
    refresh: RefreshPolicy = field(default_factory=RefreshPolicy)
    environments: tuple[str, ...] = ()
    mutes: Path = Path(MUTES)
    state_schema: str = DEFAULT_SCHEMA
    limits: Limits = field(default_factory=Limits)

    @property
    def state_folder(self) -> Path:
        """The folder for what lies beside a state file."""
        return self.state.parent if isinstance(self.state, Path) else (self.root / _STATE).parent


SHARED = ("defaults", "guards")
"""The settings that several companies can have in common."""


@dataclass(frozen=True, slots=True)
class SharedSettings:
    """What lies under a company's own settings: a YAML text with members of `SHARED`, and its file's name."""

    file: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a token is asked for with. Its repr shows no secret."""

    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        return "Credentials(client_id='***', client_secret='***')"


def find_settings(start: Path) -> Path | None:
    """`reconciler.yaml` in the folder or the nearest one above it."""
    folder = Path(os.path.abspath(start))  # noqa: PTH100 (symlinks in the way stay as the user sees them)
    for at in (folder, *folder.parents):
        if (at / FILE_NAME).is_file():
            return at / FILE_NAME
    return None


def load_settings(
    path: Path, *, environment: str | None, environ: Mapping[str, str], shared: SharedSettings | None = None
) -> Settings:
    """Read the settings for one environment (None: the file's default one). shared: what lies under them.

    Raises InvalidInput with all problems.
    """
    settings, problems = check_settings(path, environment=environment, environ=environ, shared=shared)
    if settings is None or has_errors(problems):
        raise InvalidInput(problems)
    return settings


def check_settings(
    path: Path, *, environment: str | None, environ: Mapping[str, str], shared: SharedSettings | None = None
) -> tuple[Settings | None, tuple[Diagnostic, ...]]:
    """The settings, and all problems.

    With errors the settings are only good for finding and checking the declarations, so that what is wrong with these
    can be told in the same run; None where even that cannot be known.
    """
    loading = _Loading(Path(os.path.abspath(path)), environ, shared)  # noqa: PTH100 (resolve() would follow links)
    try:
        return loading.settings(environment), in_order(loading.problems)
    except InvalidInput as error:
        return loading.for_declarations, error.diagnostics


def load_credentials(environ: Mapping[str, str]) -> Credentials:
    """The credentials from the process environment. Raises InvalidInput, naming the variables that are missing."""
    problems: list[Diagnostic] = []
    client_id = environ.get("VISMA_CLIENT_ID", "").strip()
    if not client_id:
        problems.append(_credential_problem("VISMA_CLIENT_ID is not set", "Set it to the application's client id."))
    secret = _secret(environ, problems)
    for name, value in (("VISMA_CLIENT_ID", client_id), ("the client secret", secret)):
        if not value.isascii() or not value.isprintable():
            problems.append(_credential_problem(f"{name} holds characters that no credential has", "Set it anew."))
    if problems:
        raise InvalidInput(tuple(problems))
    return Credentials(client_id, secret)


def require_tenant(settings: Settings) -> str:
    """The tenant's id. Raises InvalidInput when it is not given."""
    if not settings.api.tenant_id:
        name = display(settings.file, settings.root)
        remedy = f"Set VISMA_TENANT_ID, or api.tenant_id in {name}."
        raise InvalidInput((Diagnostic(Severity.ERROR, "S116", "no tenant is given", "", remedy, Source(name, 1, 1)),))
    return settings.api.tenant_id


def _credential_problem(summary: str, remedy: str) -> Diagnostic:
    return Diagnostic(Severity.ERROR, "S115", summary, remedy=remedy)


def _secret(environ: Mapping[str, str], problems: list[Diagnostic]) -> str:
    given, file = (environ.get(name, "") for name in _SECRET_VARIABLES)
    if given.strip():
        return given.strip()
    if not file:
        summary = "VISMA_CLIENT_SECRET is not set, and neither is VISMA_CLIENT_SECRET_FILE"
        problems.append(_credential_problem(summary, "Set one of the two."))
        return ""
    try:
        if not Path(file).is_file():
            raise FileNotFoundError(errno.ENOENT, "there is no such file")
        secret = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        summary = f"the file that VISMA_CLIENT_SECRET_FILE names cannot be read: {why}"
        problems.append(_credential_problem(summary, "Correct the path or the file's permissions."))
        return ""
    if not secret:
        summary = "the file that VISMA_CLIENT_SECRET_FILE names is empty"
        problems.append(_credential_problem(summary, "Write the client secret into it."))
    return secret


class _Loading:
    """One reading of a settings file; gathers its problems."""

    def __init__(self, file: Path, environ: Mapping[str, str], shared: SharedSettings | None = None) -> None:
        self.file = file
        self.shared = shared
        self.root = file.parent
        self.name = file.name
        self.environ = environ
        self.problems: list[Diagnostic] = []
        self.for_declarations: Settings | None = None
        self._reader = Reader(_schema(), self._text)
        self._is_interpolated = False

    def settings(self, wanted: str | None) -> Settings:
        """Parse, check the whole file, merge the environment, check again with its variables put in, and build."""
        document = self._document()
        self._check(document)
        self._is_interpolated = True
        default, environment = self._environment(document, wanted)
        own = _mapping(_mapping(document.get("environments")).get(environment))
        node = _merged(document, own)
        value, wrong = self._check(node)
        globs, defaults = value.get("customers", (_CUSTOMERS,)), _defaults(node)
        is_known = all(problem.code != "S113" for problem in self.problems)
        if is_known and wrong.isdisjoint(("customers", "defaults")):
            self.for_declarations = Settings(
                self.file, self.root, environment, self.root / _STATE, customers=tuple(globs), defaults=defaults
            )
        api = self._api(value, node, environment, own)
        guards = self._guards(value, node)
        refresh = self._refresh(value, node)
        self._warn_of_deprecated(node)
        state: Path | SharedState = self.root / _STATE
        if "state" not in wrong:
            state = self._state(value, node, environment, own="state" in own.entries or environment == default)
        if has_errors(self.problems):
            raise InvalidInput(in_order(list(dict.fromkeys(self.problems))))
        return Settings(
            file=self.file,
            root=self.root,
            environment=environment,
            state=state,
            version=value["version"],
            company=value.get("company", ""),
            api=api,
            customers=tuple(globs),
            defaults=defaults,
            ignore=tuple(value.get("ignore", ())),
            guards=guards,
            on_removed=value.get("on_removed", "ignore"),
            nested_updates=value.get("nested_updates", "leaf"),
            keep_runs=value.get("keep_runs", KEEP_RUNS),
            refresh=refresh,
            environments=tuple(_known(document, default)),
            limits=_limits(value),
            state_schema=value.get("state_schema", DEFAULT_SCHEMA),
            mutes=self.root / dict(value.get("drift", {})).get("mutes", MUTES),
        )

    def _error(self, code: str, source: Source | None, summary: str, remedy: str) -> None:
        self.problems.append(Diagnostic(Severity.ERROR, code, summary, remedy=remedy, source=source))

    def _document(self) -> yaml_nodes.Mapping:
        """The file's one mapping. Raises InvalidInput when there is none to go on with."""
        data, problem = read_bytes(self.file, self.name, _BOUNDS.file_size)
        if problem:
            raise InvalidInput((problem,))
        parsed = yaml_nodes.parse(data, self.name, _BOUNDS)
        self.problems += parsed.diagnostics
        if len(parsed.documents) == 1 and isinstance(parsed.documents[0], yaml_nodes.Mapping):
            return self._on_shared(parsed.documents[0])
        if not has_errors(self.problems):
            source = parsed.documents[-1].source if parsed.documents else Source(self.name, 1, 1)
            summary = f"{self.name} must hold one mapping"
            self._error("S112", source, summary, "Write 'version: 1' and the settings below it.")
        raise InvalidInput(in_order(self.problems))

    def _on_shared(self, document: yaml_nodes.Mapping) -> yaml_nodes.Mapping:
        """The settings laid on those that they share with other companies."""
        if self.shared is None:
            return document
        parsed = yaml_nodes.parse(self.shared.data, self.shared.file, _BOUNDS)
        below = _mapping(parsed.documents[0] if parsed.documents else None)
        entries = {name: entry for name, entry in below.entries.items() if name in SHARED}
        return _mapping(yaml_nodes.merged(replace(below, entries=entries), document))

    def _check(self, node: yaml_nodes.Mapping) -> tuple[dict[str, Any], frozenset[str]]:
        """The plain value, and which of its members are wrong."""
        value: dict[str, Any] = self._reader.read(node)
        if self._reader.sure:  # jsonschema would agree
            return value, frozenset()
        verdict = Validator(_schema(), SETTINGS_CODES).verdict(value, node)
        self.problems += verdict.diagnostics
        return value, verdict.members

    def _text(self, node: yaml_nodes.Scalar) -> str | None:
        if not self._is_interpolated:
            return None
        text, problems = interpolate(node.text, self.environ)
        for problem in problems:
            self._error(_INTERPOLATION_CODES[problem.kind], node.source, problem.summary, problem.remedy)
        return None if problems else text

    def _environment(self, document: yaml_nodes.Mapping, wanted: str | None) -> tuple[str, str]:
        """The file's default environment and the one that is meant."""
        node = document.get("default_environment")
        default = node.text if isinstance(node, yaml_nodes.Scalar) and not node.is_null else DEFAULT_ENVIRONMENT
        known = _known(document, default if node is None else SANDBOX)
        if default not in known and node is not None:
            remedy = did_you_mean(default, known, what="Environments")
            self._error("S113", node.source, f"there is no environment {quoted(default)}", remedy)
        known = _known(document, default)
        if wanted is not None and wanted not in known:
            remedy = did_you_mean(wanted, known, what="Environments")
            source = document.source
            self._error("S113", source, f"there is no environment {quoted(wanted)} in {self.name}", remedy)
        return default, wanted or default

    def _warn_of_deprecated(self, node: yaml_nodes.Mapping) -> None:
        known = _schema()["$defs"]["environment"]["properties"]
        for name, (key, _) in node.entries.items():
            if known.get(name, {}).get("deprecated"):
                summary = f"the setting {name} has no effect any more"
                self.problems.append(
                    Diagnostic(Severity.WARNING, "S125", summary, remedy="Remove it.", source=key.source)
                )

    # -- members that the schema alone cannot check

    def _api(self, value: dict[str, Any], node: yaml_nodes.Mapping, environment: str, own: yaml_nodes.Mapping) -> Api:
        given = value.get("api")
        members: dict[str, Any] = dict(given) if isinstance(given, dict) else {}
        where = _mapping(node.get("api"))
        origins: dict[str, Source | str] = {}
        for name in ("base_url", "token_url", "tenant_id"):
            variable = f"VISMA_{name.upper()}"
            given_node = where.get(name)
            source, label = (given_node.source if given_node else None), f"api.{name}"
            if environment != SANDBOX and self.environ.get(variable):
                if name == "tenant_id":
                    self._check_tenant(_mapping(own.get("api")).get(name), self.environ[variable].strip())
                members[name], source, label = self.environ[variable].strip(), None, variable
                origins[name] = variable
            elif source:
                origins[name] = source
            if name.endswith("_url") and isinstance(members.get(name), str):
                members[name] = self._url(members[name], label, source)
        for name in ("timeout", "longest_answer"):
            if isinstance(members.get(name), int | Decimal):
                members[name] = float(members[name])
        stores = members.get("stores")
        if isinstance(stores, dict):
            members["stores"] = {
                path: (forms,) if isinstance(forms, str) else tuple(forms)
                for path, forms in stores.items()
                if isinstance(forms, str | list)
            }
        return Api(**members, origins=origins) if not has_errors(self.problems) else Api()

    def _check_tenant(self, own: yaml_nodes.Node | None, given: str) -> None:
        """A variable left over from another environment must not send this one's plan to that one's company."""
        if not isinstance(own, yaml_nodes.Scalar) or own.is_null or own.text == given:
            return
        summary = f"the environment's tenant is {quoted(own.text)}, and VISMA_TENANT_ID says {quoted(given)}"
        self._error("S122", own.source, summary, "Unset VISMA_TENANT_ID, or take tenant_id out of the environment.")

    def _url(self, url: str, label: str, source: Source | None) -> str:
        if problem := url_problem(url):
            self._error("S114", source, f"{label} {problem[0]}", problem[1])
        return url.rstrip("/")

    def _guards(self, value: dict[str, Any], node: yaml_nodes.Mapping) -> Guards:
        given = value.get("guards")
        if not isinstance(given, dict):
            return Guards()
        where = _mapping(node.get("guards"))
        limits = {
            name: self._limit(given[name], name, where)
            for name in ("updates", "creates", "renumbers")
            if isinstance(given.get(name), str)
        }
        policies = _policies(given.get("policies"), where.get("policies"))
        for policy in policies:
            self._check_policy(policy)
        guards = Guards(
            policies=policies,
            duplicates="warning" if given.get("duplicates") == "warning" else "error",
            lookalikes="error" if given.get("lookalikes") == "error" else "warning",
        )
        return replace(
            guards,
            updates=limits.get("updates", guards.updates),
            creates=limits.get("creates", guards.creates),
            renumbers=limits.get("renumbers", guards.renumbers),
        )

    def _check_policy(self, policy: Policy) -> None:
        from jsonschema import Draft202012Validator, SchemaError  # noqa: PLC0415 (most files have no policy)

        try:
            Draft202012Validator.check_schema(policy.schema)
        except SchemaError as error:
            summary = f"the schema of {_called(policy)} is no JSON Schema: {shown(error.message)}"
            self._error("S118", policy.source, summary, "Correct it; the dialect is 2020-12.")
            return
        from reconciler.config.read.policy_keywords import WORDS, unknown_words  # noqa: PLC0415 (only settings with policies need it)

        for word in dict.fromkeys(unknown_words(policy.schema)):
            summary = f"JSON Schema has no word {quoted(word)}, and passes over it in {_called(policy)}"
            remedy = did_you_mean(word, sorted(WORDS), what="Words")
            self._error("S124", policy.source, summary, remedy)

    def _limit(self, text: str, name: str, where: yaml_nodes.Mapping) -> Limit:
        bare = text.replace(" ", "")
        share = _SHARE.fullmatch(bare)
        if share and Fraction(bare[:-1]) <= 100:
            return Fraction(bare[:-1]) / 100
        if bare.isascii() and bare.isdigit() and len(bare) < 10:
            return int(bare)
        limit_node = where.get(name)
        remedy = "Write a number of customers, such as 50, or a share up to 100%, such as 30%."
        self._error("S118", limit_node.source if limit_node else None, f"guards.{name} is {quoted(text)}", remedy)
        return 0

    def _refresh(self, value: dict[str, Any], node: yaml_nodes.Mapping) -> RefreshPolicy:
        given = value.get("refresh")
        members: dict[str, Any] = dict(given) if isinstance(given, dict) else {}
        age = members.pop("max_age", None)
        if isinstance(age, str):
            if not (duration := _AGE.fullmatch(age.strip())):
                where = _mapping(node.get("refresh")).get("max_age")
                remedy = "Write a number and s, m, h or d, such as 90m, 24h or 7d."
                self._error("S118", where.source if where else None, f"refresh.max_age is {quoted(age)}", remedy)
                return RefreshPolicy()
            members["max_age"] = int(duration[1]) * _SECONDS[duration[2]]
        return RefreshPolicy(**members) if not has_errors(self.problems) else RefreshPolicy()

    def _state(
        self, value: dict[str, Any], node: yaml_nodes.Mapping, environment: str, *, own: bool
    ) -> Path | SharedState:
        """One file for each environment: the name goes before the suffix unless the path is the environment's own.

        RECONCILER_STATE counts before the file, and may hold a password. The built-in ERP is this folder's alone, and
        so is its state.
        """
        given, named = value.get("state", _STATE), self.environ.get(STATE_VARIABLE, "")
        if is_shared(given) and (problem := _state_problem(given, in_file=True)):
            where = node.get("state")
            self._error("S127", where.source if where else None, *problem)
        if named and environment != SANDBOX:
            if not is_shared(named):
                return self.root / named
            if problem := _state_problem(named, in_file=False):
                self._error("S127", None, *problem)
            return SharedState(named, value.get("state_schema", DEFAULT_SCHEMA))
        if is_shared(given):
            if environment != SANDBOX:
                return SharedState(given, value.get("state_schema", DEFAULT_SCHEMA))
            given, own = _STATE, False
        path: Path = self.root / given
        return path if own else path.with_name(f"{path.stem}.{environment}{path.suffix}")


def _state_problem(url: str, *, in_file: bool) -> tuple[str, str] | None:
    """What is wrong with the address of a shared state, and the remedy. The address is not shown."""
    name = "state" if in_file else STATE_VARIABLE
    if in_file and has_password(url):
        remedy = f"Take it out; put it into PGPASSWORD or a PGPASSFILE, or the whole address into {STATE_VARIABLE}."
        return "state holds a password", remedy
    if problem := state_url_problem(url):
        return f"{name} {problem}", "Write postgresql://HOST:PORT/DATABASE, or the path of a file."
    return None


def url_problem(url: str) -> tuple[str, str] | None:
    """What is wrong with a URL of the API, and the remedy; never shows the URL, which may hold a password."""
    remedy = "Write https://host, or https://host/path."
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is no URL", remedy
    if not host or parts.scheme not in ("http", "https") or not url.isprintable() or " " in url:
        return "is no http URL", remedy
    if not _HOST.fullmatch(host) and not (_is_address(host) and "%" not in host):
        return "has no host that a name or an address can be", remedy
    if parts.username is not None or parts.password is not None:
        return "holds a user name or a password", "Credentials come from VISMA_CLIENT_ID and VISMA_CLIENT_SECRET."
    if "?" in url or "#" in url:
        return "holds a query or a fragment", remedy
    if parts.scheme == "http" and not is_loopback(host):
        return "is plain http, which would show the access token to the network", "Write https://."
    return None


def url_host(url: str) -> str:
    """The host of a URL that is none of `url_problem`, in small letters.

    >>> url_host("https://API.finance.visma.net:443/x")
    'api.finance.visma.net'
    """
    return (urlsplit(url).hostname or "").rstrip(".")


def is_allowed(url: str, hosts: str) -> bool:
    """Whether a URL that is none of `url_problem` leads to one of the hosts, or below one; commas separate them.

    >>> is_allowed("https://api.finance.visma.net", "visma.net, x"), is_allowed("https://evilvisma.net", "visma.net")
    (True, False)
    """
    host = url_host(url)
    named = [name for text in hosts.split(",") if (name := text.strip().strip(".").lower())]
    if _is_address(host):
        return host in named
    return any(f".{host}".endswith(f".{name}") for name in named)


def is_loopback(host: str) -> bool:
    """Whether the host is the machine itself."""
    return ipaddress.ip_address(host).is_loopback if _is_address(host) else host.lower() == "localhost"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@cache
def _schema() -> dict[str, Any]:
    """The settings' schema; what it says of defaults is checked with the declarations, by the customer schema."""
    schema = load_schema("reconciler")
    schema["$defs"]["environment"]["properties"]["defaults"] = {"type": "object"}
    return schema


def _mapping(node: yaml_nodes.Node | None) -> yaml_nodes.Mapping:
    return node if isinstance(node, yaml_nodes.Mapping) else yaml_nodes.Mapping({})


def _known(document: yaml_nodes.Mapping, default: str) -> list[str]:
    return sorted({default, SANDBOX, *_mapping(document.get("environments")).entries})


def _merged(document: yaml_nodes.Mapping, own: yaml_nodes.Mapping) -> yaml_nodes.Mapping:
    """The top level with the environment's members laid on it."""
    top = {
        name: entry for name, entry in document.entries.items() if name not in ("environments", "default_environment")
    }
    base = replace(document, entries=top)
    over = replace(document, entries=own.entries)
    merged_node = yaml_nodes.merged(base, over)
    assert isinstance(merged_node, yaml_nodes.Mapping)
    return merged_node


def _defaults(node: yaml_nodes.Mapping) -> yaml_nodes.Mapping | None:
    defaults = node.get("defaults")
    return defaults if isinstance(defaults, yaml_nodes.Mapping) and defaults.entries else None


def _limits(value: Mapping[str, Any]) -> Limits:
    """The schema has checked them. Sizes are given in mebibytes."""
    given: dict[str, int] = dict(value.get("limits", {}))
    sizes = {name: given[name] * 2**20 for name in ("file_size", "answer_size") if name in given}
    limits = given | sizes
    files = {name: limits.pop(name) for name in ("file_size", "depth", "aliases") if name in limits}
    return Limits(Bounds(**files), **limits)


def _called(policy: Policy) -> str:
    return f"the policy {quoted(policy.name or policy.message)}"


def _policies(given: Any, node: yaml_nodes.Node | None) -> tuple[Policy, ...]:
    """The policies; what the schema refuses is passed over here, being reported already."""
    if not isinstance(given, list) or not isinstance(node, yaml_nodes.Sequence):
        return ()
    return tuple(
        Policy(one["message"], one["schema"], one.get("name", ""), item.source, one.get("severity", "error"))
        for one, item in zip(given, node.items, strict=True)
        if isinstance(one, dict) and "message" in one and "schema" in one
    )
