"""What is tried of the command line: words and variables that fit, that nearly fit, and any."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.campaign.fuzz_texts import NAUGHTY, ODD_TEXTS
from tests.campaign.fuzz_world import World

CALLS = [
    ["plan"], ["plan", "--format", "json"], ["plan", "--refresh", "full"], ["apply", "--auto-approve"], ["apply",
    "--auto-approve"],
    ["apply", "plan.json"], ["apply", "--auto-approve", "--write-numbers", "--format", "json"], ["drift"], ["export",
    "-o", "out", "--with-notes"],
    ["export", "-o", "out", "--layout", "single", "--with-sales-persons", "--with-mirrors"], ["customers", "list"],
    ["customers", "show", "3"],
    ["customers", "list", "--format", "json"], ["customers", "list", "--raw"], ["customers", "list", "--format",
    "csv"], ["customers", "show", "3", "--raw"],
    ["customers", "list", "--modified", ">= 2020-01-01", "--name", "fj"], ["auth"], ["accept", "--all"], ["runs",
    "undo", "--auto-approve"],
    ["dunning-letter", "create", "3", "--date", "2026-01-01", "--level-from", "1", "--level-to", "2", "--auto-approve"],
]  # fmt: skip
"""Commands that speak to the ERP."""


_COMMANDS = [
    "init", "validate", "fmt", "plan", "show", "apply", "drift", "accept", "schema", "auth", "export", "import",
    "customers", "list", "show", "dunning-letter",
    "create", "runs", "resume", "undo", "state", "unlock", "clear", "sandbox", "seed", "edit", "reset",
]  # fmt: skip
_OPTIONS = [
    "--chdir", "-c", "--env", "--log-level", "--log-format", "--no-color", "--quiet", "--version", "-o",
    "--target", "--exclude", "--unmanaged", "--skip-unknown", "--encoding", "--refresh", "--base",
    "--fail-outside", "--detailed-exitcode", "--format", "--report", "--max-chars", "--redact", "--auto-approve",
    "--parallelism", "--reserve", "--no-wait",
    "--force", "--write-numbers", "--digest", "--only-new", "--mute", "--until", "--reason", "--status", "--class",
    "--name", "--attribute", "--modified",
    "--created", "--fields", "--raw", "--layout", "--field", "--all", "--dry-run", "--date", "--level-from",
    "--level-to", "--count", "--start", "--", "-h",
    "--check", "--diff", "--company", "--tenant", "--ci", "--with-notes", "--schema", "--deactivate-creates",
]  # fmt: skip
_VALUES = [
    "1", "0", "-1", "9" * 30, "9" * 5000, "1e5", "x", "", " ", "plan.json", "customers", "customers/all.yaml",
    "reconciler.yaml", "state/state.db", "/dev/null",
    "/nonexistent/x", "json=out.json", "html=out.html", "text=", "=", "json=/dev/null", "json", "text", "sarif",
    "html", ">= 2020-01-01", "> x", "REGION=NORTH",
    "2026-02-30", "2026-01-01", "full", "none", "HEAD", "--upload-pack=x", "mainAddress.city", "[",
    "attributes[\"A.B\"]", "*", "\udcff", "\udc80x", "production",
    "sandbox", "debug", "github", "customer", "sha256:" + "0" * 64, "١٢", "½", "x" * 10_000,
]  # fmt: skip
_WORDS = st.one_of(
    st.sampled_from(_COMMANDS), st.sampled_from(_OPTIONS), st.sampled_from(_OPTIONS), st.sampled_from(_VALUES),
    ODD_TEXTS, st.sampled_from(NAUGHTY)
).map(lambda word: word.replace("\0", ""))  # fmt: skip
_VARIABLES = {
    "COLUMNS": ["0", "1", "-1", "x", "20", "9" * 30], "LINES": ["0", "x"], "TERM": ["dumb", "", "xterm-256color"],
    "FORCE_COLOR": ["1", "0"], "NO_COLOR": ["", "1"],
    "RECONCILER_FORMAT": ["json", "x", ""], "RECONCILER_PARALLELISM": ["0", "9" * 40, "x"], "RECONCILER_QUIET": ["1",
    "x"], "RECONCILER_TARGET": ["1 2", "\udcff"],
    "VISMA_BASE_URL": ["x", "http://[", "https://\udcff", ""], "VISMA_TENANT_ID": ["\udcff", "a\nb", " "],
    "VISMA_CLIENT_SECRET": ["\udcff", "å", "\n"],
    "RECONCILER_PLAN_KEY": ["", "x", "\udcff"], "VISMA_ALLOWED_HOSTS": [",", "\udcff", "localhost"],
    "HTTPS_PROXY": ["x", "http://[", "socks5://a"],
    "HTTP_PROXY": ["::", "http://\udcff"], "SSL_CERT_FILE": ["/nonexistent", "/dev/null"],
    "RECONCILER_REPORT": ["json=a json=a", "x"], "TZ": ["x", "\udcff"],
    "RECONCILER_MAX_CHARS": ["-1", "1", "9" * 40], "CI": ["1"], "GITHUB_ACTIONS": ["true"], "LANG": ["C", "\udcff"],
    "PATH": ["", "/nonexistent"],
}  # fmt: skip


def _stays_here(word: str) -> bool:
    """Whether a word, taken for a file to write,
    leaves the machine alone; and `serve` and `demo` end by no means soon."""
    return word in _VALUES or (
        "/" not in word and ".." not in word and word not in ("serve", "demo") and not word.startswith("~")
    )


@st.composite
def _lines(draw: st.DrawFn) -> list[str]:
    """A command as it may be typed, or any words."""
    if draw(st.booleans()):
        return draw(st.lists(_WORDS.filter(_stays_here), max_size=8))
    words = [
        *draw(
            st.sampled_from(
                [
                    *CALLS,
                    ["validate"],
                    ["fmt"],
                    ["show", "plan.json"],
                    ["runs", "list"],
                    ["state", "show"],
                    ["init", "new"],
                ]
            )
        )
    ]
    for word in draw(st.lists(_WORDS.filter(_stays_here), max_size=4)):
        words.insert(draw(st.integers(0, len(words))), word)
    return words


def arguments(world: World, data: st.DataObject) -> None:
    """The command line, and the variables around it."""
    words = data.draw(_lines())
    names = data.draw(st.lists(st.sampled_from(sorted(_VARIABLES)), max_size=2, unique=True))
    world.run(*words, environ={name: data.draw(st.sampled_from(_VARIABLES[name])) for name in names})
