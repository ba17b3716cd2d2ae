"""The words of messages: values shortened and escaped, syntax errors in the user's terms, near names."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from reconciler.core.some_names import some_names

MAX_SHOWN = 80


def shown(text: str) -> str:
    """A text from a file as a message may show it: one line, controls escaped, at most 80 characters.

    >>> shown("a\\tb")
    'a\\\\tb'
    """
    short = text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1]
    escaped = short if short.isprintable() else "".join(map(_escaped, short))
    if len(escaped) > MAX_SHOWN or len(text) > MAX_SHOWN:
        return escaped[: MAX_SHOWN - 1] + "…"
    return escaped


def _escaped(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")


def quoted(text: str) -> str:
    """A text from a file in double quotes, as YAML writes it: a reader sees where it ends, and so does the redaction.

    >>> print(quoted('Oslo "Vest"'))
    "Oslo \\"Vest\\""
    """
    if '"' in text or "\\" in text:
        text = text[: MAX_SHOWN + 1].replace("\\", "\\\\").replace('"', '\\"')
    return f'"{shown(text)}"'


def character_name(character: str) -> str:
    """What to call a character that cannot be shown.

    >>> character_name("\\u200b")
    'U+200B zero width space'
    """
    return f"U+{ord(character):04X} {unicodedata.name(character, 'a control character').lower()}"


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """At most three known names that resemble the name, best first: those that begin with it, then those that are
    written like it. Case does not count.

    >>> nearest("Postalcode", ["city", "postalCode"]), nearest("country", ["county", "countryId"])
    (['postalCode'], ['countryId', 'county'])
    """
    return list(_nearest(name, tuple(known)))


@lru_cache(maxsize=1024)
def _nearest(name: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Kept, because a mistake is seldom made in one declaration only, and difflib takes milliseconds."""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    order = {candidate: at for at, candidate in enumerate(by_folded)}
    start = name.casefold()[:100]
    matcher = difflib.SequenceMatcher(b=start)
    close = set(difflib.get_close_matches(start, by_folded, n=_NEAR, cutoff=0.6))
    if len(start) >= _START:
        close.update(candidate for candidate in by_folded if candidate.startswith(start))

    def rank(candidate: str) -> tuple[bool, float, int]:
        matcher.set_seq1(candidate)
        return not candidate.startswith(start), -matcher.ratio(), order[candidate]  # phone1 before phone2

    return tuple(by_folded[match] for match in sorted(close, key=rank)[:3])


_LISTED, _NEAR, _START = 10, 8, 3


def did_you_mean(name: str, known: Iterable[str], *, what: str = "Known names") -> str:
    """A remedy that names the nearest known names, or all of them when none is near."""
    names = list(known)
    close = nearest(name, names)
    if close:
        return f"Did you mean {' or '.join(close)}?"
    return f"{what}: {some_names(names, _LISTED)}." if names else ""


_QUOTE = "Put the text in quotes."
_INDENT = "Check the indentation: members of one mapping start in the same column."

_SYNTAX: tuple[tuple[str, str, str], ...] = (
    (
        "mapping values are not allowed",
        "a ': ' stands where no key can be",
        "Put a text that holds ': ' in quotes, or check the indentation of this and the line above.",
    ),
    (
        "could not find expected ':'",
        "a line that is neither 'key: value' nor '- item'",
        "Add the colon, or " + _INDENT[0].lower() + _INDENT[1:],
    ),
    (
        "did not find expected key",
        "no key where one was expected",
        _INDENT + " A quote may be left open above.",
    ),
    (
        "did not find expected ',' or ']'",
        "a [ that is not closed",
        "Close it with ], with a comma between items.",
    ),
    (
        "did not find expected ',' or '}'",
        "a { that is not closed",
        "Close it with }, with a comma between members.",
    ),
    ("found unexpected end of stream", "a quote that is not closed", "Close the quote."),
    (
        "found unexpected document indicator",
        "a quote that is not closed before the document ends",
        "Close the quote.",
    ),
    (
        "did not find expected '-' indicator",
        "an item of a list without '- '",
        "Start it with '- ', or " + _INDENT[0].lower() + _INDENT[1:],
    ),
    (
        "did not find expected <document start>",
        "more text after the end of the document",
        "Start a new document with ---, or " + _INDENT[0].lower() + _INDENT[1:],
    ),
    (
        "block sequence entries are not allowed",
        "a '- ' where no list can start",
        "Start the list on its own line.",
    ),
    (
        "found unknown escape character",
        "an unknown \\ escape in double quotes",
        "Write \\\\, or use single quotes.",
    ),
    (
        "did not find expected hexdecimal number",
        "an incomplete \\ escape",
        "Write \\\\, or use single quotes.",
    ),
    ("invalid Unicode character escape", "an escape that is no character", "Write the character itself."),
    (
        "did not find expected alphabetic or numeric character",
        "a * or & without a name",
        "Put a text that starts with * or & in quotes.",
    ),
    (
        "did not find expected tag URI",
        "a tag that cannot be read",
        "Put a text that starts with ! in quotes.",
    ),
    ("undefined tag handle", "a tag; tags are not allowed", "Put a text that starts with ! in quotes."),
    ("tab character", "a tab in the indentation", "Indent with spaces."),
    (
        "did not find expected comment or line break",
        "a | or > with text after it",
        "Put the text on the next line, or in quotes.",
    ),
    ("incompatible YAML document", "a %YAML version that is not known", "Remove the %YAML line."),
    ("unknown directive name", "a line that starts with %", _QUOTE),
)


def syntax_problem(problem: str, context: str, at: str, started: str) -> tuple[str, str]:
    """Summary and remedy for a problem in PyYAML's words.

    `at` is the character at the place, `started` the line:column where the construct began.
    """
    if "cannot start any token" in problem:
        return _bad_start(at)
    for words, summary, remedy in _SYNTAX:
        if words in problem:
            since = f" (it starts at {started})" if "not closed" in summary and started else ""
            return f"{summary}{since}", remedy
    parser_message = f"{context}: {problem}" if context else problem
    return f"this is not YAML: {shown(parser_message)}", "Put special characters in quotes and check the indentation."


def _bad_start(at: str) -> tuple[str, str]:
    if at == "\t":
        return "a tab in the indentation", "Indent with spaces."
    return f"a text cannot start with {shown(at)} unless it is in quotes", _QUOTE
