"""everycommit judges every change before it lands."""

__version__ = "0.1.0"
