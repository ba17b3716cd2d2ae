"""Declarations written down in many ways: block and flow, all quotes, comments, blank lines, any order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from reconciler.config.edit.yaml_writer import double, is_plain
from tests.property.declarations import fields

COMMENTS = ["# note", "  # indented", "", "#: {x}", "# 'q\" é🙂"]


def customers(*, count: int = 3) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Random customers with a number each; none has a parent, which could be itself."""

    def numbered(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {"number": str(at), **{name: value for name, value in values.items() if name != "parentRecordNumber"}}
            for at, values in enumerate(found, 1)
        ]

    return st.lists(fields(), min_size=1, max_size=count).map(numbered)


@st.composite
def texts(draw: st.DrawFn, declared: list[dict[str, Any]]) -> str:
    """A file that declares the customers."""
    newline = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    writer = _Writer(draw)
    lines = ["# head"] if draw(st.booleans()) else []
    match draw(st.sampled_from(["list", "file", "documents"])):
        case "list":
            for each in declared:
                lines += writer.item(each)
        case "file":
            lines.append("customers:")
            for each in declared:
                lines += ["  " + line if line else line for line in writer.item(each)]
        case "documents":
            for each in declared:
                lines += ["---", *writer.mapping(each)]
    return newline.join(lines) + (newline if draw(st.booleans()) else "")


class _Writer:
    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def _one_in(self, count: int) -> bool:
        return not self._draw(st.integers(0, count - 1))

    def item(self, values: dict[str, Any]) -> list[str]:
        lines = self.mapping(values, comments_above=False)
        return ["- " + lines[0], *("  " + line if line else line for line in lines[1:])]

    def mapping(self, values: dict[str, Any], *, comments_above: bool = True) -> list[str]:
        lines: list[str] = []
        for name in self._draw(st.permutations(list(values))):
            if (lines or comments_above) and self._one_in(4):
                lines.append(self._draw(st.sampled_from(COMMENTS)))
            lines += self.member(name, values[name])
        return lines

    def member(self, name: str, value: Any) -> list[str]:
        key = name if is_plain(name, flow=False) and name not in ("NO",) else double(name)
        if isinstance(value, dict) and value and not self._one_in(4):
            return [f"{key}:", *("  " + line if line else line for line in self.mapping(value))]
        if isinstance(value, list) and value and not self._one_in(4):
            return [f"{key}:", *("  " + line if line else line for each in value for line in self.item(each))]
        tail = "   # eol" if self._one_in(4) else ""
        return [f"{key}: {self.flow(value)}{tail}"]

    def flow(self, value: Any) -> str:
        if isinstance(value, dict):
            names = self._draw(st.permutations(list(value)))
            return "{" + ", ".join(f"{double(name)}: {self.flow(value[name])}" for name in names) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(map(self.flow, value)) + "]"
        return self.scalar(value)

    def scalar(self, value: Any) -> str:
        if value is None:
            return self._draw(st.sampled_from(["null", "~"]))
        if isinstance(value, bool):
            return self._draw(st.sampled_from(["true", "True"] if value else ["false", "FALSE"]))
        if isinstance(value, (int, Decimal)):
            return format(value, "f") if isinstance(value, Decimal) else str(value)
        text = value.replace("${", "$${")
        if is_plain(text, flow=True) and text not in ("null", "~") and self._one_in(2):
            return text
        if text.isprintable() and self._one_in(2):
            return "'" + text.replace("'", "''") + "'"
        return double(text)
