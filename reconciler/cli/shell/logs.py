"""Log lines on standard error, as text or as JSON; every text in them is made harmless."""

from __future__ import annotations

import json as jsonlib
import logging
import sys
from datetime import UTC, datetime

from reconciler.reports.safe_text import visible


def handler(*, json: bool) -> logging.Handler:
    """A handler for standard error, whatever that is when a line is written."""
    made = _ToStandardError()
    made.setFormatter(_Json() if json else _Text())
    return made


class _ToStandardError(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(f"{self.format(record)}\n")


def _when(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = f"{_when(record)} {record.levelname.lower()} {visible(record.getMessage())}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = {"time": _when(record), "level": record.levelname.lower(), "message": record.getMessage()}
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return jsonlib.dumps(fields)
