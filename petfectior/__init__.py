"""What every service of PETfectior shares; knows no service."""

__version__ = "0.1.0"
