"""SHA-256, and git's SHA-1, without OpenSSL: loading that costs a quarter of a Python start.

A known verdict is to take six in all. The standard library's ``random`` goes the same way. Who digests much takes
``hashlib``, which is faster.
"""

TYPE_CHECKING = False  # typing's own takes a third of a Python start
if TYPE_CHECKING:
    from hashlib import sha1, sha256
else:
    try:
        from _sha1 import sha1
    except ImportError:  # pragma: no cover - a Python that was built without
        from hashlib import sha1
    try:
        from _sha2 import sha256  # Python 3.12 on
    except ImportError:
        try:
            from _sha256 import sha256
        except ImportError:  # pragma: no cover - a Python that was built without
            from hashlib import sha256

__all__ = ["sha1", "sha256"]
