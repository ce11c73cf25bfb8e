"""The reference processing server: every call of ``docs/processing-api.yaml``, with faults on demand."""
