"""A certificate for 127.0.0.1, as openssl makes one."""

from __future__ import annotations

import subprocess
from pathlib import Path


def self_signed(directory: Path) -> Path:
    """A PEM file with the certificate and its key, which is its own authority."""
    key, certificate, both = (directory / name for name in ("key.pem", "certificate.pem", "tls.pem"))
    command = [
        "openssl",
        "req",
        "-x509",
        "-nodes",
        "-days",
        "2",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
    ]
    names = ["-subj", "/CN=gateway", "-addext", "subjectAltName=IP:127.0.0.1"]
    written = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command, *names, *written], check=True, capture_output=True)
    both.write_text(certificate.read_text() + key.read_text())
    return both
