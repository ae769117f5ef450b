"""MessagePack, as far as the v0.4 trace payload needs it: nil, bool, int, float, str, bytes, list, dict."""

import struct

_FLOAT64 = struct.Struct(">Bd").pack
_UINT8 = struct.Struct(">BB").pack
_UINT16 = struct.Struct(">BH").pack
_UINT32 = struct.Struct(">BI").pack
_UINT64 = struct.Struct(">BQ").pack
_INT8 = struct.Struct(">Bb").pack
_INT16 = struct.Struct(">Bh").pack
_INT32 = struct.Struct(">Bi").pack
_INT64 = struct.Struct(">Bq").pack


def pack(value):
    """The bytes of a value. Raises TypeError for other types, OverflowError for integers beyond 64 bits."""
    out = bytearray()
    pack_into(out, value)
    return bytes(out)


def pack_into(out, value):
    """Appends the bytes of a value to a bytearray."""
    kind = type(value)
    if kind is str:
        # A lone surrogate cannot be written as UTF-8; it becomes '?', the rest of the text stays.
        data = value.encode("utf-8", "replace")
        _head(out, len(data), 0xA0, 31, 0xD9, 0xDA, 0xDB)
        out += data
    elif kind is int:
        _integer(out, value)
    elif kind is float:
        out += _FLOAT64(0xCB, value)
    elif kind is dict:
        _head(out, len(value), 0x80, 15, None, 0xDE, 0xDF)
        for key, item in value.items():
            pack_into(out, key)
            pack_into(out, item)
    elif kind is list or kind is tuple:
        pack_array_head(out, len(value))
        for item in value:
            pack_into(out, item)
    elif value is None:
        out.append(0xC0)
    elif kind is bool:
        out.append(0xC3 if value else 0xC2)
    elif kind is bytes:
        _head(out, len(value), None, -1, 0xC4, 0xC5, 0xC6)
        out += value
    elif isinstance(value, str):
        pack_into(out, str.__str__(value))
    elif isinstance(value, int):
        _integer(out, int(value))
    elif isinstance(value, float):
        out += _FLOAT64(0xCB, float(value))
    else:
        raise TypeError("cannot write %s as MessagePack" % kind.__name__)


def pack_array_head(out, length):
    """Appends the head of an array whose items follow."""
    _head(out, length, 0x90, 15, None, 0xDC, 0xDD)


def _head(out, length, fix, fix_max, head8, head16, head32):
    if length <= fix_max:
        out.append(fix | length)
    elif head8 is not None and length < 0x100:
        out += _UINT8(head8, length)
    elif length < 0x10000:
        out += _UINT16(head16, length)
    else:
        out += _UINT32(head32, length)


def _integer(out, value):
    if value >= 0:
        if value < 0x80:
            out.append(value)
        elif value < 0x100:
            out += _UINT8(0xCC, value)
        elif value < 0x10000:
            out += _UINT16(0xCD, value)
        elif value < 0x100000000:
            out += _UINT32(0xCE, value)
        elif value < 0x10000000000000000:
            out += _UINT64(0xCF, value)
        else:
            raise OverflowError("%d needs more than 64 bits" % value)
    elif value >= -0x20:
        out.append(value & 0xFF)
    elif value >= -0x80:
        out += _INT8(0xD0, value)
    elif value >= -0x8000:
        out += _INT16(0xD1, value)
    elif value >= -0x80000000:
        out += _INT32(0xD2, value)
    elif value >= -0x8000000000000000:
        out += _INT64(0xD3, value)
    else:
        raise OverflowError("%d needs more than 64 bits" % value)
