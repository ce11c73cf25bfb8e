"""The world outside the gateway: scanner, processing server, workstation."""
