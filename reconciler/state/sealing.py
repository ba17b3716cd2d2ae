"""Customers' values kept from whoever reads the database: AES-256-GCM, and keyed hashes where one is looked for.

RECONCILER_STATE_KEY holds 32 bytes in base64. Two keys are derived from it, one for values and one for hashes. Each
value carries the id of its key, and is bound to the table that it stands in.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.core.errors import StateError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_VARIABLE = "RECONCILER_STATE_KEY"
NEW_KEY_VARIABLE = "RECONCILER_STATE_NEW_KEY"
_KEY_BYTES, _ID_BYTES, _NONCE_BYTES = 32, 8, 12
_MARK = b"\x01"
KEY_WANTED = "32 random bytes in base64, such as `openssl rand -base64 32` makes"


class Seal:
    """Seals values with a key, or leaves them as they are where there is none."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key

    def __repr__(self) -> str:
        return f"Seal(key_id={self.key_id!r})"

    @property
    def is_on(self) -> bool:
        """Whether there is a key."""
        return self._key is not None

    @cached_property
    def key_id(self) -> str | None:
        """What tells keys apart without telling what they are."""
        return None if self._key is None else self._derived("id")[:_ID_BYTES].hex()

    def seal(self, context: str, data: bytes) -> bytes:
        """The bytes, sealed; context: the table that they stand in."""
        if self._key is None:
            return data
        nonce = os.urandom(_NONCE_BYTES)
        return _MARK + self._id + nonce + self._cipher.encrypt(nonce, data, context.encode())

    def open(self, context: str, data: bytes) -> bytes:
        """The bytes again. Raises ValueError when they were sealed with another key, or altered."""
        if self._key is None:
            return data
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - only with a key

        start = len(_MARK) + _ID_BYTES
        if data[:start] != _MARK + self._id:
            raise ValueError("a value was not sealed with this key")
        try:
            return self._cipher.decrypt(
                data[start : start + _NONCE_BYTES], data[start + _NONCE_BYTES :], context.encode()
            )
        except InvalidTag:
            raise ValueError("a sealed value was altered") from None

    def seal_text(self, context: str, text: str) -> str:
        """The text, sealed."""
        return base64.b64encode(self.seal(context, text.encode())).decode() if self._key else text

    def open_text(self, context: str, text: str) -> str:
        """The text again. Raises ValueError."""
        return self.open(context, base64.b64decode(text, validate=True)).decode() if self._key else text

    def hashed(self, context: str, text: str) -> str:
        """What stands for a text that is looked for."""
        if self._key is None:
            return text
        return hmac.new(self._hashing, f"{context}\0{text}".encode(), hashlib.sha256).hexdigest()[:32]

    def hashed_number(self, context: str, number: int) -> int:
        """What stands for a number that is looked for: 63 bits."""
        return int(self.hashed(context, str(number))[:16], 16) >> 1 if self._key else number

    @cached_property
    def _id(self) -> bytes:
        return self._derived("id")[:_ID_BYTES]

    @cached_property
    def _hashing(self) -> bytes:
        return self._derived("hashes")

    @cached_property
    def _cipher(self) -> AESGCM:
        try:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - only with a key
        except ImportError:
            raise StateError(
                f"{KEY_VARIABLE} is set, and the package cryptography is not installed",
                remedy="Install it: pip install 'visma-reconciler[postgres]'",
            ) from None
        return AESGCM(self._derived("values"))

    def _derived(self, purpose: str) -> bytes:
        assert self._key is not None
        return hmac.new(self._key, f"reconciler/state/{purpose}".encode(), hashlib.sha256).digest()


class LostKey(Seal):
    """Stands for a key that nobody has, where nothing is read or written but all is deleted."""

    def __init__(self, key_id: str) -> None:
        super().__init__(None)
        self.__dict__["key_id"] = key_id

    @property
    def is_on(self) -> bool:
        """There was a key."""
        return True


def key_from(environ: Mapping[str, str], variable: str = KEY_VARIABLE) -> bytes | None:
    """The key in the variable, or in the file that VARIABLE_FILE names; None without. Raises StateError."""
    text, file = environ.get(variable, "").strip(), environ.get(f"{variable}_FILE", "")
    if not text and not file:
        return None
    source = variable
    if not text:
        source = f"the file that {variable}_FILE names"
        try:
            text = Path(file).read_text(encoding="ascii").strip()
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "it is no text"
            raise StateError(f"{source} cannot be read: {why}", remedy="Correct the path or the permissions.") from None
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise StateError(f"{source} is no key of the state", remedy=f"Give {KEY_WANTED}.")
    return key
