"""PDFs written by hand for the tests: text at places, in the fonts every reader has; plain or encrypted.

Follows ISO 32000-1: 7.5 (file structure), 9 (text), 7.6 (the standard security handler, revision 2).
"""

import hashlib
from dataclasses import dataclass, field

PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
FONTS = {
    "plain": "Helvetica",
    "bold": "Helvetica-Bold",
    "italic": "Helvetica-Oblique",
    "mono": "Courier",
}
# Graphics states: "clear" paints with no opacity.
STATES = "/clear << /Type /ExtGState /ca 0 /CA 0 >>"


@dataclass
class Page:
    """A page of 612 by 792 points. Text stands where it is put; order in the file is order of calls."""

    operations: list[str] = field(default_factory=list)

    def text(self, x: float, y: float, words: str, size: float = 10, font: str = "plain") -> "Page":
        """Put `words` with the baseline's left end at (x, y)."""
        escaped = words.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        self.operations.append(f"BT /{font} {size} Tf {x} {y} Td ({escaped}) Tj ET")
        return self

    def turned(self, x: float, y: float, words: str, size: float = 20) -> "Page":
        """Put `words` turned by 90 degrees, as arXiv puts its stamp."""
        self.operations.append(f"BT /plain {size} Tf 0 1 -1 0 {x} {y} Tm ({words}) Tj ET")
        return self

    def lines(self, x: float, y: float, words: list[str], leading: float = 12, size: float = 10) -> float:
        """Put lines below each other; the baseline after the last."""
        for line in words:
            self.text(x, y, line, size)
            y -= leading
        return y


def rc4(key: bytes, data: bytes) -> bytes:
    """RC4."""
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out = bytearray()
    i = j = 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


def pdf(pages: list[Page], password: str = "") -> bytes:
    """The bytes of a PDF; with a password it cannot be opened without it."""
    fonts = " ".join(
        f"/{name} << /Type /Font /Subtype /Type1 /BaseFont /{base} /Encoding /WinAnsiEncoding >>"
        for name, base in FONTS.items()
    )
    identity = hashlib.md5(b"tests", usedforsecurity=False).digest()
    key = b""
    encryption = ""
    if password:
        padded = (password.encode() + PADDING)[:32]
        owner = rc4(hashlib.md5(padded, usedforsecurity=False).digest()[:5], padded)
        permissions = -4
        seed = padded + owner + permissions.to_bytes(4, "little", signed=True) + identity
        key = hashlib.md5(seed, usedforsecurity=False).digest()[:5]
        encryption = (
            f"<< /Filter /Standard /V 1 /R 2 /O <{owner.hex()}> /U <{rc4(key, PADDING).hex()}> "
            f"/P {permissions} >>"
        )
    objects: list[bytes] = []
    kids = " ".join(f"{3 + 2 * number} 0 R" for number in range(len(pages)))
    objects.append(b"<< /Type /Catalog /Pages 2 0 R >>")
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode())
    for number, page in enumerate(pages):
        stream = "\n".join(page.operations).encode("cp1252")
        if key:
            name = 4 + 2 * number
            stream = rc4(
                hashlib.md5(key + name.to_bytes(3, "little") + b"\0\0", usedforsecurity=False).digest()[:10],
                stream,
            )
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {4 + 2 * number} 0 R "
            f"/Resources << /Font << {fonts} >> /ExtGState << {STATES} >> >> >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    if encryption:
        objects.append(encryption.encode())
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    extra = f" /Encrypt {len(objects)} 0 R" if encryption else ""
    out += (
        f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /ID [<{identity.hex()}> <{identity.hex()}>]{extra} >>\n"
        f"startxref\n{start}\n%%EOF\n"
    ).encode()
    return bytes(out)
