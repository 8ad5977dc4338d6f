"""Model fields for personal data at rest: text or bytes in Python, a ciphertext of the vault in the table.

A column ``cert_no_cipher`` holds the ciphertext, ``cert_no_hash`` the keyed hash under which it is found. The code sees
``person.cert_no`` as text. A ciphertext is opened when the attribute is read, not when the row is: a list of persons costs
nothing, and without the key only those pages fail that show the number. What was read and not changed is written back as
it was, so the history and the trail see a change only where there is one. Empty text is NULL.

``QuerySet.filter(cert_no=…)`` is refused: ask for ``cert_no_hash__in=hashes_of(Person, "cert_no", text)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.core.exceptions import FieldError
from django.db import models
from django.db.models.query_utils import DeferredAttribute

from tongchou.control import vault
from tongchou.control.columns import Column, register_column

Value = TypeVar("Value", str, bytes)
HISTORIC = "__fake__"
"""The module that Django gives the models of old migrations."""

if TYPE_CHECKING:
    _Base = models.Field[Any, Any]
else:
    _Base = models.Field


class Cipher(bytes):
    """A ciphertext as it came from the table, not opened yet."""


class _Opened:
    """A value beside the ciphertext it came from."""

    __slots__ = ("cipher", "value")

    def __init__(self, value: Any, cipher: Cipher) -> None:
        self.value, self.cipher = value, cipher


class _SealedAttribute(DeferredAttribute):
    """Opens at the first reading; keeps the ciphertext of a value that is set to what it was."""

    field: Any

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is None:
            return self
        held = instance.__dict__.get(self.field.attname, self)
        if held is self:
            super().__get__(instance, cls)  # deferred: loads the column, which comes back through __set__
            held = instance.__dict__[self.field.attname]
        if isinstance(held, Cipher):
            held = instance.__dict__[self.field.attname] = _Opened(self.field.opened(held), held)
        return held.value if isinstance(held, _Opened) else held

    def __set__(self, instance: Any, value: Any) -> None:
        held = instance.__dict__.get(self.field.attname)
        if isinstance(held, Cipher | _Opened) and not isinstance(value, Cipher) and value == self.__get__(instance):
            return
        instance.__dict__[self.field.attname] = self.field.empty if value is None else value


def _in_api(field: object) -> str:
    """Where the migrations of other rooms find a field."""
    return f"tongchou.control.api.{type(field).__name__}"


class _Sealed(_Base, Generic[Value]):
    """What text and bytes share. ``label`` names the column inside the ciphertext: it never changes, whatever is renamed."""

    descriptor_class = _SealedAttribute
    empty: Value

    def __init__(self, *args: Any, label: str, search: str = "", **kwargs: Any) -> None:
        self.label, self.search = label, search
        kwargs |= {"null": True, "blank": True, "default": self.empty}
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        for given in ("null", "blank", "default"):
            kwargs.pop(given, None)
        return (
            name,
            _in_api(self),
            args,
            kwargs | {"label": self.label} | ({"search": self.search} if self.search else {}),
        )

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:
        """Make the column known to the rotation of keys: a sealed field can't be forgotten there."""
        super().contribute_to_class(cls, name, private_only)
        if cls.__module__ != HISTORIC and not cls._meta.abstract:
            key = tuple(field.column for field in cls._meta.pk_fields) if cls._meta.pk is not None else ("id",)
            register_column(
                Column(
                    table=cls._meta.db_table,
                    cipher=self.column,
                    label=self.label,
                    search=self.search,
                    key=key,
                    plain=not self.column.endswith("_cipher"),
                )
            )

    def get_internal_type(self) -> str:
        """The column is bytea."""
        return "BinaryField"

    def from_db_value(self, value: Any, expression: object, connection: object) -> Any:
        """The ciphertext; NULL is empty. What was stored before encryption begins with another byte: it is read as it is."""
        if value is None:
            return self.empty
        raw = bytes(value)
        return Cipher(raw) if vault.is_sealed(raw) else self.unsealed(raw)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """What the instance holds, unopened if nobody looked at it."""
        held = model_instance.__dict__.get(self.attname, self.empty)
        return held.cipher if isinstance(held, _Opened) else held

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """The ciphertext that is written."""
        if value is None or value == self.empty:
            return None
        return connection.Database.Binary(value if isinstance(value, Cipher) else self.sealed(value))

    def get_lookup(self, lookup_name: str) -> Any:
        """Only ``isnull`` can be asked of a ciphertext."""
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is encrypted: look for its keyed hash ({self.search or 'it has none'})")
        return super().get_lookup(lookup_name)

    def unsealed(self, raw: bytes) -> Value:
        """The value of a row from before encryption."""
        raise NotImplementedError

    def sealed(self, value: Value) -> bytes:
        """The ciphertext of a value."""
        raise NotImplementedError

    def opened(self, data: bytes) -> Value:
        """The value of a ciphertext."""
        raise NotImplementedError


class SealedText(_Sealed[str]):
    """Text that is encrypted in the table."""

    empty = ""

    def unsealed(self, raw: bytes) -> str:
        """The text of a row from before encryption."""
        return raw.decode()

    def sealed(self, value: str) -> bytes:
        """The ciphertext of a text."""
        return vault.encrypt(column=self.label, text=value)

    def opened(self, data: bytes) -> str:
        """The text of a ciphertext.

        Raises:
            Rejection: CTRL-050 the key is missing, CTRL-051 it does not verify.
        """
        return vault.decrypt(column=self.label, data=data)


class SealedBytes(_Sealed[bytes]):
    """Bytes (a file) that are encrypted in the table."""

    empty = b""

    def unsealed(self, raw: bytes) -> bytes:
        """The bytes of a row from before encryption."""
        return raw

    def sealed(self, value: bytes) -> bytes:
        """The ciphertext of the bytes."""
        return vault.encrypt_bytes(column=self.label, data=bytes(value))

    def opened(self, data: bytes) -> bytes:
        """The bytes of a ciphertext.

        Raises:
            Rejection: CTRL-050 the key is missing, CTRL-051 it does not verify.
        """
        return vault.decrypt_bytes(column=self.label, data=data)


class SearchHash(models.CharField):  # type: ignore[type-arg]
    """The keyed hash of a sealed field, 64 hexadecimal digits; renewed at each save. NULL where the field is empty."""

    def __init__(self, *args: Any, of: str, **kwargs: Any) -> None:
        self.of = of
        kwargs |= {"max_length": 64, "null": True, "editable": False}
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        for given in ("max_length", "null", "editable"):
            kwargs.pop(given, None)
        return name, _in_api(self), args, kwargs | {"of": self.of}

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """The hash of what the sealed field holds now."""
        field: Any = model_instance._meta.get_field(self.of)
        text = getattr(model_instance, self.of)
        made = vault.search_hash(column=field.label, text=text) if text else None
        setattr(model_instance, self.attname, made)
        return made


def hashes_of(model: type[models.Model], field: str, text: str) -> list[str]:
    """The keyed hashes under which a text of a sealed field may stand, for ``…_hash__in``."""
    sealed: Any = model._meta.get_field(field)
    return vault.search_hashes(column=sealed.label, text=text)
