"""Reads MessagePack, written apart from the encoder so that a shared mistake cannot hide."""

import struct


def unpack(data):
    """The one value in ``data``. Raises ValueError when bytes are left over."""
    value, end = _read(data, 0)
    if end != len(data):
        raise ValueError("the value ends at byte %d of %d" % (end, len(data)))
    return value


_FIXED = {
    0xCA: ">f", 0xCB: ">d",
    0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q",
    0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q",
}  # fmt: skip
_LENGTHS = {
    0xC4: (">B", "bin"), 0xC5: (">H", "bin"), 0xC6: (">I", "bin"),
    0xD9: (">B", "str"), 0xDA: (">H", "str"), 0xDB: (">I", "str"),
    0xDC: (">H", "array"), 0xDD: (">I", "array"), 0xDE: (">H", "map"), 0xDF: (">I", "map"),
}  # fmt: skip


def _read(data, at):
    head = data[at]
    at += 1
    if head < 0x80:
        return head, at
    if head >= 0xE0:
        return head - 0x100, at
    if head < 0x90:
        return _items("map", head & 15, data, at)
    if head < 0xA0:
        return _items("array", head & 15, data, at)
    if head < 0xC0:
        return _items("str", head & 31, data, at)
    if head in (0xC0, 0xC2, 0xC3):
        return {0xC0: None, 0xC2: False, 0xC3: True}[head], at
    if head in _FIXED:
        form = _FIXED[head]
        return struct.unpack_from(form, data, at)[0], at + struct.calcsize(form)
    form, kind = _LENGTHS[head]
    return _items(kind, struct.unpack_from(form, data, at)[0], data, at + struct.calcsize(form))


def _items(kind, length, data, at):
    if kind in ("str", "bin"):
        raw = bytes(data[at : at + length])
        if len(raw) != length:
            raise ValueError("cut off at byte %d" % at)
        return (raw.decode("utf-8") if kind == "str" else raw), at + length
    items = []
    for _ in range(length * (2 if kind == "map" else 1)):
        item, at = _read(data, at)
        items.append(item)
    return (dict(zip(items[::2], items[1::2])) if kind == "map" else items), at
